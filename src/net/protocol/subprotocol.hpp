#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How the versions of the protocol are called in the upgrade to a WebSocket (docs/peers.md).
namespace cairn::net {

/// "cairn.2" of 2.
[[nodiscard]] std::string subprotocol(std::uint32_t protocol);
/// What a dialler offers, newest first.
[[nodiscard]] std::string offered_subprotocols();
/// The newest version in a list of names as it stands in a header; none if it names none of ours.
[[nodiscard]] std::optional<std::uint32_t> newest_in(std::string_view list);

}  // namespace cairn::net
