#include "app/settings.hpp"

#include <charconv>
#include <cstdlib>
#include <filesystem>

namespace cairn {

Result<Endpoint, std::string> parse_endpoint(const std::string& text) {
    const auto wrong = [&] {
        return fail("--http: expected ADDRESS:PORT such as 127.0.0.1:5000 or [::1]:5000, found \"" + text + "\"");
    };
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || colon == 0) return wrong();
    Endpoint endpoint;
    endpoint.address = text.substr(0, colon);
    if (endpoint.address.front() == '[') {
        if (endpoint.address.size() < 3 || endpoint.address.back() != ']') return wrong();
        endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
    } else if (endpoint.address.find(':') != std::string::npos) {
        return wrong();
    }
    if (endpoint.address == "localhost") endpoint.address = "127.0.0.1";
    const char* first = text.data() + colon + 1;
    const char* last = text.data() + text.size();
    const auto read = std::from_chars(first, last, endpoint.port);
    if (first == last || read.ec != std::errc{} || read.ptr != last) return wrong();
    return endpoint;
}

bool is_loopback(const std::string& address) {
    return address == "::1" || address.starts_with("127.");
}

std::string datadir_of(const std::string& datadir, const std::string& chain) {
    if (!datadir.empty()) return datadir;
    // Read once at start, before there is a second thread.
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe)
    const std::filesystem::path base = home != nullptr ? home : ".";
    return base / ".cairn" / std::filesystem::path{chain}.stem();
}

}  // namespace cairn
