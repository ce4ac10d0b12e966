#include "app/settings.hpp"

#include <charconv>
#include <filesystem>

#include "os/home.hpp"

namespace cairn {

Result<Endpoint, std::string> parse_endpoint(const std::string& text) {
    const auto wrong = [&] {
        return fail("--http: expected ADDRESS:PORT such as 127.0.0.1:5000 or [::1]:5000, found \"" +
                    text + "\"");
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

std::optional<std::string> no_name_for_datadir(const std::string& datadir,
                                               const std::string& chain) {
    std::error_code error;
    const auto kind = std::filesystem::status(from_home(chain), error).type();
    if (!datadir.empty() || (chain != "-" && kind != std::filesystem::file_type::fifo &&
                             kind != std::filesystem::file_type::character))
        return std::nullopt;
    return "--datadir is missing: the chain comes through " + chain +
           ", which gives no name to a folder, so that --datadir must name one";
}

std::string datadir_of(const std::string& datadir, const std::string& chain) {
    if (!datadir.empty()) return from_home(datadir);
    return home_folder() / ".cairn" / std::filesystem::path{chain}.stem();
}

}  // namespace cairn
