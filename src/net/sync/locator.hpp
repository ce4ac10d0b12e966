#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "core/primitives/digest.hpp"
#include "core/primitives/time.hpp"

namespace cairn::net {

/// The hash at a height of the branch that a locator speaks of; nothing: that height is left out.
using HashAt = std::function<std::optional<BlockHash>(Height)>;

/// What `getheaders` says of a branch, newest first: the last 10 hashes one by one, then in steps
/// that double, genesis last. So a fork of any depth is found within twice its depth, in about 10 +
/// log2(top) hashes. Source: Bitcoin's block locator.
[[nodiscard]] std::vector<BlockHash> make_locator(Height top, const HashAt& at);

}  // namespace cairn::net
