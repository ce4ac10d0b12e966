#pragma once

#include <optional>
#include <vector>

#include "net/actions.hpp"

namespace cairn::net {

/// A connection from outside of a node that nobody named.
struct Guest {
    PeerId peer = 0;
    Bytes source;           // see `source_group`
    std::uint64_t lot = 0;  // of its source, drawn with a secret
    Tick since = 0;
    std::optional<Tick> ping;  // the shortest, ms
    Tick transfer = 0;         // when it gave us one last that we had not, 0: never
    Tick block = 0;
};

/// Which of the guests leaves so that a newcomer of `source` finds room; nothing: the newcomer
/// does.
///
/// Guests are safe whose place an attacker can hardly take: 4 by lot, the 8 of the shortest ping,
/// the 4 who gave us the newest transfers, the 8 with the newest blocks, and of the rest the half
/// that has been here longest. Of the others the youngest of the largest source goes. A newcomer
/// does not push out guests of a source that has no more places than its own. Pure. Source: Bitcoin
/// Core, node/eviction.cpp.
[[nodiscard]] std::optional<PeerId> guest_to_go(std::vector<Guest> guests, const Bytes& source);

}  // namespace cairn::net
