#pragma once

#include "ledger/ledger.hpp"
#include "ledger/pool.hpp"
#include "ledger/staged.hpp"

namespace cairn::net {

/// What the peers' machines see of the node they live in. They read ledger and pool, and stage rows
/// of `Table::peers` only.
struct Chain {
    Ledger& ledger;
    const Pool& pool;
    Staged& rows;
    bool switching = false;  // a switch of branches is longer than what was done of it
};

}  // namespace cairn::net
