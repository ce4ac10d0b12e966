#pragma once

#include <span>
#include <vector>

#include "core/primitives/digest.hpp"

namespace cairn {

/// Pairs H(left ‖ right) level by level; an odd node goes up unchanged. Zero of an empty list.
[[nodiscard]] MerkleRoot merkle_root(std::span<const Txid> ids);

/// The siblings of leaf `position` from the leaf up; an odd node consumes none.
[[nodiscard]] std::vector<Hash256> merkle_branch(std::span<const Txid> ids, std::size_t position);

/// The root that `branch` leads to from `leaf` at `position` of `count`; needs exactly the branch's
/// length, else the zero root.
[[nodiscard]] MerkleRoot merkle_fold(const Txid& leaf, std::size_t position, std::size_t count,
                                     std::span<const Hash256> branch);

}  // namespace cairn
