#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/consensus/chain_spec.hpp"
#include "ledger/ledger.hpp"
#include "ledger/pool.hpp"

namespace cairn {

/// Chain, accounts and pool as of one instant: an immutable value that any thread may read for as
/// long as an answer needs it. Readers never wait for the writer.
struct View {
    std::uint64_t generation = 0;  // rises with every commit that changed something
    std::shared_ptr<const ChainParams> chain;
    Tip tip;
    PoolSize pool;
    std::size_t peers = 0;      // connected
    bool syncing = false;       // blocks of a better branch are on their way
    bool read_only = false;     // the last write failed: changes are refused until one succeeds
    std::string read_only_why;  // a few words
    std::shared_ptr<const Snapshot> store;
};
using ViewPtr = std::shared_ptr<const View>;

}  // namespace cairn
