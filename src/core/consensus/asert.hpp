#pragma once

#include <cstdint>

#include "core/consensus/target.hpp"

namespace cairn {

struct AsertParams {
    std::uint32_t spacing = 0;    // seconds
    std::uint32_t half_life = 0;  // seconds
    U256 limit;                   // the easiest target
};

/// aserti3-2d: the bits demanded of the child of a parent.
///
/// `time_delta`: seconds from the anchor's reference time (that of the anchor's parent) to the
/// parent. `blocks`: height of the parent less height of the anchor, plus 1. exponent =
/// ((time_delta - spacing * blocks) * 65536) / half_life, truncated toward zero, then the published
/// integer cubic; clamped to [1, limit], rounded down to compact form. Every intermediate value
/// fits for every input. Source: docs/consensus.md, rule 2; Bitcoin Cash upgrade specification of
/// 2020-11-15.
[[nodiscard]] CompactBits asert_bits(const U256& anchor_target, std::int64_t time_delta,
                                     std::uint64_t blocks, const AsertParams& params);

}  // namespace cairn
