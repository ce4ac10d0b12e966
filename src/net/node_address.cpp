#include "net/node_address.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace cairn::net {
namespace {

constexpr std::size_t kHostMax = 253;  // bytes of a host name, RFC 1035
constexpr std::size_t kLabelMax = 63;

// Source: Bitcoin Core, doc/p2p-bad-ports.md: services that are usually not open to the public.
constexpr std::uint16_t kForbiddenPorts[] = {
    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,   25,   37,
    42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,  109,  110,
    111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,  389,  427,
    465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,  556,  563,
    587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659, 4045, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6697, 10080};
static_assert(std::size(kForbiddenPorts) == 80);

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

/// A number without sign or leading zeros, at most `most`.
std::optional<unsigned> plain_number(std::string_view text, unsigned most) {
    if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most)
        return std::nullopt;
    return value;
}

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
    const auto parts = split(text, '.');
    if (parts.size() != 4) return std::nullopt;
    std::array<std::uint8_t, 4> out{};
    for (std::size_t i = 0; i < 4; ++i) {
        const auto part = plain_number(parts[i], 255);
        if (!part) return std::nullopt;
        out[i] = static_cast<std::uint8_t>(*part);
    }
    return out;
}

IpBytes mapped(const std::array<std::uint8_t, 4>& v4) {
    IpBytes ip{};
    ip[10] = ip[11] = 0xff;
    std::copy(v4.begin(), v4.end(), ip.begin() + 12);
    return ip;
}

/// The groups of one side of a `::`, the last of which may be dotted.
bool append_groups(std::string_view text, bool may_be_dotted, std::vector<std::uint8_t>& out) {
    if (text.empty()) return true;
    const auto groups = split(text, ':');
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const auto group = groups[i];
        if (may_be_dotted && i + 1 == groups.size() && group.find('.') != std::string_view::npos) {
            const auto v4 = parse_v4(group);
            if (!v4) return false;
            out.insert(out.end(), v4->begin(), v4->end());
            continue;
        }
        if (group.empty() || group.size() > 4 || !std::all_of(group.begin(), group.end(), is_hex))
            return false;
        unsigned value = 0;
        (void)std::from_chars(group.data(), group.data() + group.size(), value, 16);
        out.push_back(static_cast<std::uint8_t>(value >> 8));
        out.push_back(static_cast<std::uint8_t>(value));
    }
    return true;
}

std::optional<IpBytes> parse_v6(std::string_view text) {
    const auto gap = text.find("::");
    std::vector<std::uint8_t> head;
    std::vector<std::uint8_t> tail;
    if (gap == std::string_view::npos) {
        if (!append_groups(text, true, head) || head.size() != 16) return std::nullopt;
    } else {
        if (!append_groups(text.substr(0, gap), false, head) ||
            !append_groups(text.substr(gap + 2), true, tail) || head.size() + tail.size() > 14)
            return std::nullopt;
    }
    IpBytes ip{};
    std::copy(head.begin(), head.end(), ip.begin());
    std::copy(tail.begin(), tail.end(), ip.end() - static_cast<std::ptrdiff_t>(tail.size()));
    return ip;
}

bool starts_with(const IpBytes& ip, std::initializer_list<std::uint8_t> prefix) {
    return std::equal(prefix.begin(), prefix.end(), ip.begin());
}

AddressClass class_of_v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    if (a == 127 || (a | b | c | d) == 0) return AddressClass::loopback;
    if (a == 10 || (a == 172 && (b & 0xf0) == 16) || (a == 192 && b == 168) ||
        (a == 100 && (b & 0xc0) == 64))  // RFC 1918, RFC 6598
        return AddressClass::private_range;
    // "This network", link-local, multicast, reserved with broadcast.
    if (a == 0 || (a == 169 && b == 254) || a >= 224) return AddressClass::forbidden;
    return AddressClass::public_range;
}

/// Whether an URL's reader would take it for an IPv4 number: the last label is decimal, octal or
/// hexadecimal. Source: WHATWG URL, "ends in a number".
bool ends_in_number(std::string_view host) {
    const auto last = split(host, '.').back();
    if (last.empty()) return false;
    if (std::all_of(last.begin(), last.end(), is_digit)) return true;
    return last.size() >= 2 && last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
           std::all_of(last.begin() + 2, last.end(), is_hex);
}

bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > kHostMax) return false;
    const auto labels = split(host, '.');
    return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
        return !label.empty() && label.size() <= kLabelMax && label.front() != '-' &&
               label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
                   return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
               });
    });
}

std::string lower(std::string_view text) {
    std::string out{text};
    for (auto& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

using Sentence = std::string;

Result<std::string_view, Sentence> without_scheme(std::string_view text) {
    const auto end = text.find("://");
    if (end == std::string_view::npos) return text;
    const std::string scheme = lower(text.substr(0, end));
    if (scheme == "https" || scheme == "wss")
        return fail(Sentence{"nodes do not speak TLS yet, and " + scheme +
                             ":// never falls back to plain: write http://"});
    if (scheme != "http" && scheme != "ws")
        return fail(Sentence{"expected host:port or http://host:port, found another scheme"});
    return text.substr(end + 3);
}

Result<std::string, Sentence> read_ip(const IpBytes& ip) {
    if (class_of(ip) == AddressClass::forbidden)
        return fail(Sentence{"no node can be at " + ip_to_string(ip) +
                             ": link-local, multicast and reserved addresses are not dialled"});
    const bool is_v4 = starts_with(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff});
    const bool unspecified = std::all_of(ip.begin() + (is_v4 ? 12 : 0), ip.end(),
                                         [](std::uint8_t byte) { return byte == 0; });
    if (unspecified) return std::string{is_v4 ? "127.0.0.1" : "::1"};
    return ip_to_string(ip);
}

Result<std::string, Sentence> read_host(std::string_view text) {
    if (text.empty()) return fail(Sentence{"there is no host: write host:port"});
    if (text.front() == '[') {
        const auto ip =
            text.back() == ']' ? parse_v6(text.substr(1, text.size() - 2)) : std::nullopt;
        if (!ip)
            return fail(Sentence{"between brackets an IPv6 address is expected, as in [::1]:5000"});
        return read_ip(*ip);
    }
    if (text.find(':') != std::string_view::npos)
        return fail(Sentence{"an IPv6 address stands in brackets, as in [::1]:5000"});
    if (const auto v4 = parse_v4(text)) return read_ip(mapped(*v4));
    const std::string host = lower(text);
    if (ends_in_number(host))
        return fail(Sentence{"an IPv4 address is four decimal numbers, as in 127.0.0.1"});
    if (!is_host_name(host))
        return fail(Sentence{"a host name is made of letters, digits, \"-\", \"_\" and \".\""});
    return host;
}

}  // namespace

std::string NodeAddress::to_string() const {
    const bool v6 = host.find(':') != std::string::npos;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<NodeAddress, std::string> parse_node_address(std::string_view text) {
    text = trimmed(text);
    if (text.size() > kHostMax + 20) return fail(Sentence{"it is too long for host:port"});
    const auto rest = without_scheme(text);
    if (!rest) return fail(rest.error());
    text = *rest;
    if (!text.empty() && text.back() == '/') text.remove_suffix(1);
    if (text.find('@') != std::string_view::npos)
        return fail(Sentence{"a node's address holds no user or password: write host:port"});
    if (text.find_first_of("/?#\\") != std::string_view::npos)
        return fail(Sentence{"a node's address holds no path: write host:port"});

    std::uint16_t port = kDefaultPort;
    const auto colon = text.rfind(':');
    const auto bracket = text.rfind(']');
    const bool has_port =
        colon != std::string_view::npos &&
        (bracket == std::string_view::npos ? text.find(':') == colon : colon == bracket + 1);
    if (has_port) {
        const auto value = plain_number(text.substr(colon + 1), 65535);
        if (!value || *value == 0)
            return fail(Sentence{"a port is a number from 1 to 65535, as in host:5000"});
        port = static_cast<std::uint16_t>(*value);
        text = text.substr(0, colon);
    }
    if (is_forbidden_port(port))
        return fail(Sentence{"port " + std::to_string(port) +
                             " belongs to another service, and nodes do not dial it"});
    auto host = read_host(text);
    if (!host) return fail(std::move(host.error()));
    return NodeAddress{std::move(*host), port};
}

AddressClass class_of(const IpBytes& ip) {
    const auto v4_at = [&ip](std::size_t i) {
        return class_of_v4(ip[i], ip[i + 1], ip[i + 2], ip[i + 3]);
    };
    if (starts_with(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return v4_at(12);
    if (starts_with(ip, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return v4_at(12);  // NAT64
    if (starts_with(ip, {0x20, 0x02})) return v4_at(2);                                    // 6to4
    if (std::all_of(ip.begin(), ip.end() - 1, [](std::uint8_t byte) { return byte == 0; }) &&
        ip[15] <= 1)
        return AddressClass::loopback;
    if ((ip[0] & 0xfe) == 0xfc) return AddressClass::private_range;  // unique local, RFC 4193
    // Teredo hides an address of its own; outside 2000::/3 nothing is given to hosts.
    if (starts_with(ip, {0x20, 0x01, 0, 0}) || (ip[0] & 0xe0) != 0x20)
        return AddressClass::forbidden;
    return AddressClass::public_range;
}

std::optional<IpBytes> parse_ip(std::string_view text) {
    if (const auto v4 = parse_v4(text)) return mapped(*v4);
    return parse_v6(text);
}

std::string ip_to_string(const IpBytes& ip) {
    std::string out;
    if (starts_with(ip, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) {
        for (std::size_t i = 12; i < 16; ++i)
            out += (i > 12 ? "." : "") + std::to_string(unsigned{ip[i]});
        return out;
    }
    std::array<unsigned, 8> groups{};
    for (std::size_t i = 0; i < 8; ++i)
        groups[i] = static_cast<unsigned>(ip[2 * i] << 8 | ip[2 * i + 1]);
    // RFC 5952: the first of the longest runs of zeros, of two groups at least, is left out.
    std::size_t gap = 8;
    std::size_t length = 1;
    for (std::size_t i = 0; i < 8; ++i) {
        std::size_t run = 0;
        while (i + run < 8 && groups[i + run] == 0) ++run;
        if (run > length) gap = i, length = run;
    }
    constexpr char kDigits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < 8; ++i) {
        if (i == gap) {
            out += "::";
            i += length - 1;
            continue;
        }
        if (!out.empty() && out.back() != ':') out += ':';
        bool begun = false;
        for (int shift = 12; shift >= 0; shift -= 4) {
            const unsigned digit = groups[i] >> shift & 15;
            begun = begun || digit != 0 || shift == 0;
            if (begun) out += kDigits[digit];
        }
    }
    return out;
}

bool is_forbidden_port(std::uint16_t port) {
    return port == 0 ||
           std::binary_search(std::begin(kForbiddenPorts), std::end(kForbiddenPorts), port);
}

}  // namespace cairn::net
