#pragma once

#include <optional>

#include "core/consensus/clock_check.hpp"
#include "ledger/staged.hpp"
#include "node/view.hpp"

namespace cairn {

/// Whether the clock is so far behind a view's tip that no block can follow it. Reads at most
/// `kMedianSpan` headers.
[[nodiscard]] std::optional<ClockBehind> clock_behind(const Staged& rows, const View& view,
                                                      UnixSeconds now);

}  // namespace cairn
