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

/// The steady clock less the time in which peers were not heard: it never goes back.
[[nodiscard]] inline Now heard_time(const Chain& chain, Now now) {
    return {now.steady - std::min(chain.unheard, now.steady), now.wall};
}

}  // namespace cairn::net
