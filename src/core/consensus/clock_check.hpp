#pragma once

#include <optional>
#include <string>

#include "core/consensus/chain_spec.hpp"
#include "core/primitives/time.hpp"

namespace cairn {

/// A clock by which no block can follow the tip: one must be at the median time at least and may
/// not be further ahead of the clock than the chain allows.
struct ClockBehind {
    UnixSeconds now = 0;
    UnixSeconds median_time = 0;  // of the blocks that the next one follows
    std::uint32_t limit = 0;      // seconds that a block may be ahead
    UnixSeconds until = 0;        // from then on there can be blocks

    /// What is wrong and until when, for people.
    [[nodiscard]] std::string to_string() const;
};

/// Nothing if the next block can be made (or taken from others) now.
[[nodiscard]] std::optional<ClockBehind> clock_behind(UnixSeconds median_time, UnixSeconds now,
                                                      const ChainSpec& spec);

/// "2026-11-25 10:03:00 UTC".
[[nodiscard]] std::string utc_text(UnixSeconds time);

}  // namespace cairn
