#pragma once

#include "net/actions.hpp"

/// Which addresses may be told to whom, and taken from whom. Loopback and private addresses mean
/// something else to every machine: they pass only between those that share them.
namespace cairn::net {

/// Of the other end of a connection; public if its IP is not known.
[[nodiscard]] AddressClass class_of_peer(const Hello& hello);
/// Nothing if it is not known.
[[nodiscard]] std::optional<IpBytes> ip_of(const Hello& hello);
/// Where others can dial it, as an IP literal; nothing if it takes no peers or its IP is not known.
[[nodiscard]] std::optional<NodeAddress> listening_address(const Hello& hello);

/// Whether an address (an IP literal) may pass from one end of a connection to the other, whose
/// other end is of class `peer`. Both directions follow the same rule.
[[nodiscard]] bool may_pass(const NodeAddress& address, AddressClass peer);

/// The /16 of a public IPv4 address, the /32 of a public IPv6 one: who owns one such network can
/// make any number of addresses. Nothing of the other classes.
[[nodiscard]] std::optional<Bytes> network_group(const IpBytes& ip);
[[nodiscard]] std::optional<Bytes> network_group(const NodeAddress& address);
/// Who is one party, as far as anybody can tell: a public network, or a single local address.
[[nodiscard]] Bytes source_group(const IpBytes& ip);

}  // namespace cairn::net
