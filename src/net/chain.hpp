#pragma once

#include <algorithm>

#include "core/primitives/time.hpp"
#include "ledger/ledger.hpp"
#include "ledger/pool.hpp"
#include "ledger/staged.hpp"

namespace cairn::net {

/// What the peers' machines see of the node they live in. They read ledger and pool, stage rows of
/// `Table::peers`, and have the ledger forget headers that nobody needs.
struct Chain {
    Ledger& ledger;
    const Pool& pool;
    Staged& rows;
    bool switching = false;  // a switch of branches is longer than what was done of it
    /// Milliseconds so far in which this node did not hear what peers say, since it had other work:
    /// deadlines of theirs are measured by `heard_time`, or a busy node would hold them overdue.
    Tick unheard = 0;
};

/// The steady clock less the time in which peers were not heard. What was not heard is known with
/// the next tick only, and then it may fall back by as much: compare its times by `passed`.
[[nodiscard]] inline Now heard_time(const Chain& chain, Now now) {
    return {now.steady - std::min(chain.unheard, now.steady), now.wall};
}

/// Milliseconds from `then` to `now`; none if the clock has fallen back since.
[[nodiscard]] inline Tick passed(Tick then, Tick now) { return now - std::min(then, now); }

}  // namespace cairn::net
