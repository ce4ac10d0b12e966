#pragma once

#include <vector>

#include "net/message.hpp"

namespace cairn::net {

/// Entries of an `inv` that the node looks at in one go: each costs it a look at pool and chain.
inline constexpr std::size_t kInvPiece = 1'000;

/// A message as it is handed to the node: a long inventory in several parts, so that others have
/// their turn between them.
[[nodiscard]] std::vector<Message> in_pieces(Message message);

}  // namespace cairn::net
