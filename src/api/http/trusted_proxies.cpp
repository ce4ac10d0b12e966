#include "api/http/trusted_proxies.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace cairn::http {
namespace {

constexpr unsigned kMappedBits = 96;  // of ::ffff:0:0/96

bool is_mapped_v4(const IpBytes& address) {
    return std::all_of(address.begin(), address.begin() + 10, [](auto b) { return b == 0; }) &&
           address[10] == 0xff && address[11] == 0xff;
}

std::optional<IpBytes> read_ip(std::string_view text) {
    const std::string whole{text};
    IpBytes bytes{};
    if (inet_pton(AF_INET6, whole.c_str(), bytes.data()) == 1) return bytes;
    bytes = {};
    bytes[10] = bytes[11] = 0xff;
    if (inet_pton(AF_INET, whole.c_str(), bytes.data() + 12) == 1) return bytes;
    return std::nullopt;
}

std::string ip_text(const IpBytes& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v4 = is_mapped_v4(address);
    inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? 12 : 0), text.data(), text.size());
    return text.data();
}

bool is_loopback_ip(const IpBytes& address) {
    if (is_mapped_v4(address)) return address[12] == 127;
    return std::all_of(address.begin(), address.end() - 1, [](auto b) { return b == 0; }) &&
           address[15] == 1;
}

bool is_port_text(std::string_view text) {
    return !text.empty() && text.size() <= 5 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Takes the last element off a comma list.
std::string_view take_last_of(std::string_view& list) {
    const std::size_t comma = list.rfind(',');
    const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
    return without_blanks(last);
}

bool in_network(const IpBytes& address, const IpBytes& first, unsigned bits) {
    for (unsigned i = 0; i < 16; ++i) {
        const unsigned here = bits >= 8 * (i + 1) ? 8 : bits > 8 * i ? bits - 8 * i : 0;
        const auto mask = static_cast<std::uint8_t>(0xff00U >> here);
        if ((address[i] & mask) != (first[i] & mask)) return false;
    }
    return true;
}

}  // namespace

std::optional<IpBytes> parse_forwarded(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"')
        text = text.substr(1, text.size() - 2);
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view rest = text.substr(end + 1);
        if (!rest.empty() && (rest.front() != ':' || !is_port_text(rest.substr(1))))
            return std::nullopt;
        text = text.substr(1, end - 1);
        return text.find(':') == std::string_view::npos ? std::nullopt : read_ip(text);
    }
    // Of an IPv6 address without brackets every colon is its own.
    if (const std::size_t colon = text.find(':');
        colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        if (!is_port_text(text.substr(colon + 1))) return std::nullopt;
        text = text.substr(0, colon);
    }
    return read_ip(text);
}

Result<TrustedProxies, std::string> TrustedProxies::of(const std::vector<std::string>& texts) {
    TrustedProxies proxies;
    for (const std::string& text : texts) {
        const auto wrong = [&](const std::string& why) {
            return fail(
                "--trusted-proxy: expected an address or a network such as 127.0.0.1, "
                "10.0.0.0/8 or fd00::/8, found \"" +
                text + "\"" + why);
        };
        const std::size_t slash = text.find('/');
        const auto first = read_ip(text.substr(0, slash));
        if (!first) return wrong("");
        Network network{*first, 128};
        if (slash != std::string::npos) {
            const bool v4 = text.find(':') == std::string::npos;
            unsigned bits = 0;
            const char* end = text.data() + text.size();
            const auto read = std::from_chars(text.data() + slash + 1, end, bits);
            if (read.ec != std::errc{} || read.ptr != end || bits > (v4 ? 32U : 128U))
                return wrong("");
            network.bits = bits + (v4 ? kMappedBits : 0);
        }
        for (unsigned i = network.bits; i < 128; ++i)
            if ((network.first[i / 8] >> (7 - i % 8) & 1U) != 0)
                return wrong(", whose address has bits beyond its prefix");
        proxies.networks_.push_back(network);
    }
    return proxies;
}

bool TrustedProxies::contains(const IpBytes& address) const {
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return in_network(address, network.first, network.bits);
    });
}

bool TrustedProxies::contains(std::string_view address) const {
    const auto parsed = read_ip(address);
    return parsed && contains(*parsed);
}

Client TrustedProxies::client_of(const Client& socket, const Headers& headers) const {
    if (networks_.empty() || !contains(socket.address)) return socket;
    Client client = socket;
    if (headers.x_forwarded_proto) {
        std::string_view list = *headers.x_forwarded_proto;
        std::string last{take_last_of(list)};
        std::ranges::transform(last, last.begin(), [](char c) {
            return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        });
        client.secure = last == "https";
    }
    if (!headers.x_forwarded_for) return client;
    for (std::string_view list = *headers.x_forwarded_for; !list.empty();) {
        const auto address = parse_forwarded(take_last_of(list));
        if (!address) {
            client.loopback = false;  // whoever it is, it is not known to be this machine
            return client;
        }
        client.address = ip_text(*address);
        client.loopback = is_loopback_ip(*address);
        if (!contains(*address)) return client;
    }
    return client;
}

}  // namespace cairn::http
