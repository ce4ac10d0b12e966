#pragma once

#include <span>

#include "core/base/result.hpp"
#include "core/consensus/chain_spec.hpp"
#include "core/consensus/rejection.hpp"

namespace cairn {

/// What its ancestors demand of a header.
struct HeaderContext {
    Height height = 0;  // of the header itself
    CompactBits required_bits;
    UnixSeconds median_time = 0;
};

/// How many headers before a block have a say in its median time.
inline constexpr std::size_t kMedianSpan = 11;

/// Rule 4's median of at most 11 times, genesis included: sorted, element floor(n/2). Not of none.
[[nodiscard]] UnixSeconds median_time(std::span<const UnixSeconds> previous_times);

/// Rule 2: the bits of the child of a parent. `anchor_time` is the time of block 2 on the parent's
/// branch; it is not read for children of height 3 and below.
[[nodiscard]] CompactBits required_bits(const ChainParams& params, Height parent_height,
                                        UnixSeconds parent_time, UnixSeconds anchor_time);

/// Rules 2 (canonical) and 3: all that 80 bytes tell of themselves. One hash, taken before.
[[nodiscard]] Result<void, Rejection> check_work(const HashedHeader& header);

/// Rules 2, 3 and 4 against the ancestors.
[[nodiscard]] Result<void, Rejection> accept_header(const HashedHeader& header,
                                                    const HeaderContext& context);

/// Rule 5: a delay, not a verdict; the same header may be offered again later.
[[nodiscard]] Result<void, Rejection> check_not_early(const BlockHeader& header, UnixSeconds now,
                                                      const ChainParams& params);

}  // namespace cairn
