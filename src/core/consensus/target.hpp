#pragma once

#include <compare>
#include <cstdint>
#include <optional>

#include "core/base/u256.hpp"
#include "core/primitives/digest.hpp"

namespace cairn {

/// A target in the header's compact form. Any 32 bits; `expand` tells whether they mean something.
struct CompactBits {
    std::uint32_t value = 0;
    friend auto operator<=>(CompactBits, CompactBits) = default;
};

/// Cumulative work: expected number of hashes.
using ChainWork = U256;

/// The target of canonical bits: positive, no overflow, re-encoding to themselves; else nothing.
[[nodiscard]] std::optional<U256> expand(CompactBits bits);
/// The compact form of a target, rounded down.
[[nodiscard]] CompactBits compress(const U256& target);
/// floor(2^256 / (target + 1)).
[[nodiscard]] ChainWork work_of(const U256& target);
/// Whether a hash, read as a little-endian integer, is at most the target.
[[nodiscard]] bool meets(const BlockHash& hash, const U256& target);
/// Relative to 1d00ffff, as people read it.
[[nodiscard]] double difficulty_of(const U256& target);

}  // namespace cairn
