#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/base/bytes.hpp"
#include "node/node.hpp"

namespace cairn {

/// Blocks of a chain file that are read, checked and committed together, and their bytes.
inline constexpr std::size_t kBatchBlocks = 256;
inline constexpr std::size_t kBatchBytes = 16 * 1024 * 1024;

/// The next block's bytes; nothing at the end, after which it is not asked again; or why there is
/// no next one, as a sentence.
using BlockSource = std::function<Result<std::optional<Bytes>, std::string>()>;

/// Takes every block of `source` into `node`, checked like any other, and commits once a batch. The
/// error is a sentence; what was committed before it stays. `progress` is told how many were taken.
[[nodiscard]] Result<void, std::string> import_blocks(
    Node& node, const ChainParams& chain, const BlockSource& source,
    const std::function<Now()>& clock, const std::function<void(std::uint64_t)>& progress);

}  // namespace cairn
