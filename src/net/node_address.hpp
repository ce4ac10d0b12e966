#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace cairn::net {

/// Where a node listens: a host name or an IP literal (IPv6 without brackets), and a port.
struct NodeAddress {
    std::string host;
    std::uint16_t port = 0;

    /// "127.0.0.1:5001", "[::1]:5001", "node.example:5001".
    [[nodiscard]] std::string to_string() const;
    friend auto operator<=>(const NodeAddress&, const NodeAddress&) = default;
};

inline constexpr std::uint16_t kDefaultPort = 5000;

/// Reads what people write: with or without `http://` or `ws://`, a trailing slash, the default
/// port left out. `0.0.0.0` and `[::]` come back as the loopback address of their family. Refused
/// with a sentence: other schemes, credentials, a path, query or fragment, forbidden ports, host
/// names that are numbers in disguise (decimal, octal or hexadecimal IPs), addresses of a forbidden
/// class.
[[nodiscard]] Result<NodeAddress, std::string> parse_node_address(std::string_view text);

/// The class of an IP, 16 bytes; IPv4 as ::ffff:a.b.c.d. Mapped and translated forms count as what
/// they hold.
enum class AddressClass : std::uint8_t { loopback, private_range, public_range, forbidden };
using IpBytes = std::array<std::uint8_t, 16>;
[[nodiscard]] AddressClass class_of(const IpBytes& ip);
/// Nothing if the text is no IP literal.
[[nodiscard]] std::optional<IpBytes> parse_ip(std::string_view text);
[[nodiscard]] std::string ip_to_string(const IpBytes& ip);
/// Ports on which other services listen, so that no node can be made to speak to them.
[[nodiscard]] bool is_forbidden_port(std::uint16_t port);

}  // namespace cairn::net
