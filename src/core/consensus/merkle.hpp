#pragma once

#include <span>
#include <vector>

#include "core/primitives/digest.hpp"

namespace cairn {

/// Pairs H(left ‖ right) level by level; an odd node goes up unchanged. Zero of an empty list.
[[nodiscard]] MerkleRoot merkle_root(std::span<const Txid> ids);

/// The siblings of leaf `position` from the leaf up, in slices; an odd node consumes none.
class MerkleWalk {
public:
    MerkleWalk(std::span<const Txid> ids, std::size_t position);

    /// Hashes at most `pairs` pairs. True: there is more to do.
    [[nodiscard]] bool step(std::size_t pairs);
    /// Once nothing is left to do; empty if `position` is none of the leaves.
    [[nodiscard]] const std::vector<Hash256>& branch() const { return branch_; }

private:
    void note_sibling();

    std::vector<Hash256> level_;  // below `done_` that of the next level already
    std::size_t done_ = 0;
    std::size_t position_;
    std::vector<Hash256> branch_;
};

/// The root that `branch` leads to from `leaf` at `position` of `count`; needs exactly the branch's
/// length, else the zero root.
[[nodiscard]] MerkleRoot merkle_fold(const Txid& leaf, std::size_t position, std::size_t count,
                                     std::span<const Hash256> branch);

}  // namespace cairn
