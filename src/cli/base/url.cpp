#include "cli/base/url.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "cli/base/text.hpp"

namespace cairn::cli {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

std::string small_letters(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

bool is_ipv4(const std::string& host) {
    in_addr address{};
    return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
    in6_addr address{};
    return inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_name(const std::string& host) {
    return !host.empty() && std::ranges::all_of(host, [](char c) {
        return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
    });
}

/// The unspecified addresses reach this machine as well.
bool is_loopback(const std::string& host) {
    if (host == "localhost") return true;
    if (is_ipv4(host)) return host.starts_with("127.") || host == "0.0.0.0";
    in6_addr address{};
    if (inet_pton(AF_INET6, host.c_str(), &address) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address);
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
    if (text.empty() || read.ec != std::errc{} || read.ptr != text.data() + text.size() ||
        port == 0)
        return std::nullopt;
    return port;
}

}  // namespace

Result<NodeUrl, std::string> parse_node_url(std::string_view text) {
    const auto wrong = [&] {
        return fail(
            "--node: expected an address such as 127.0.0.1:5000, [::1]:5000 or "
            "https://node.example, found \"" +
            plain(text) + "\"");
    };
    std::string scheme = "http";
    std::string port = "5000";
    std::string_view rest = text;
    if (const auto colon = rest.find("://"); colon != std::string_view::npos) {
        scheme = small_letters(rest.substr(0, colon));
        if (scheme != "http" && scheme != "https") return wrong();
        port = scheme == "http" ? "80" : "443";
        rest.remove_prefix(colon + 3);
    }
    if (rest.ends_with('/')) rest.remove_suffix(1);

    std::string host;
    if (rest.starts_with('[')) {
        const auto end = rest.find(']');
        if (end == std::string_view::npos) return wrong();
        host = small_letters(rest.substr(1, end - 1));
        if (!is_ipv6(host)) return wrong();
        rest.remove_prefix(end + 1);
    } else if (is_ipv6(std::string{rest})) {
        host = small_letters(rest);
        rest = {};
    } else {
        host = small_letters(rest.substr(0, rest.find(':')));
        if (!is_name(host)) return wrong();
        rest.remove_prefix(host.size());
    }
    if (!rest.empty()) {
        const auto told = rest.front() == ':' ? parse_port(rest.substr(1)) : std::nullopt;
        if (!told) return wrong();
        port = std::to_string(*told);
    }
    const std::string shown = is_ipv6(host) ? "[" + host + "]" : host;
    return NodeUrl{scheme + "://" + shown + ":" + port, is_loopback(host), host, *parse_port(port)};
}

std::string percent_encode(std::string_view text) {
    static constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_letter_or_digit(c) || c == '-' || c == '.' || c == '_' || c == '~') {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += kDigits[byte >> 4U];
            out += kDigits[byte & 15U];
        }
    }
    return out;
}

}  // namespace cairn::cli
