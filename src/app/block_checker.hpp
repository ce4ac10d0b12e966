#pragma once

#include <vector>

#include "core/consensus/checked.hpp"

namespace cairn {

using CheckedBatch = std::vector<Result<BlockPtr, Rejection>>;

/// `check_block` of many blocks on all cores, in their order.
[[nodiscard]] CheckedBatch check_blocks(const std::vector<SharedBytes>& blocks,
                                        const ChainParams& chain);

}  // namespace cairn
