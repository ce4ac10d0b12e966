#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.hpp"

namespace cairn {

/// Who may use how much of `--memory-mib`, in bytes. The one place where it is divided; the table
/// in docs/operations.md is made of it. What is not given to anybody is the program itself, its
/// threads, small bounded tables, and what the allocator loses between blocks of different sizes.
struct MemoryPlan {
    std::size_t whole = 0;        // --memory-mib
    std::size_t pool = 0;         // --pool-mib: waiting transfers
    std::size_t store_cache = 0;  // the store's blocks, indexes and filters
    std::size_t store_table = 0;  // one of its memtables; there are at most nine
    std::size_t staged = 0;       // of a switch of branches, before it is written
    std::size_t peers = 0;        // what waits to be sent to other nodes and what they send
    std::size_t checks = 0;       // bodies of theirs that are checked, until the node has them
    std::size_t known = 0;        // transfers whose signatures are known
    std::size_t connections = 0;  // HTTP connections, with a small request and a small answer each
    std::size_t requests = 0;     // larger heads, bodies, and what is made of them
    std::size_t answers = 0;      // answers not yet sent
    std::size_t blocks = 0;       // blocks that answers are made of
    std::size_t inventories = 0;  // what other nodes answered, for /getblocks
};

/// Divides `memory_mib`. `max_block`: bytes of the chain's largest block. The error is a sentence
/// that says what would fit.
[[nodiscard]] Result<MemoryPlan, std::string> plan_memory(std::size_t memory_mib,
                                                          std::size_t pool_mib,
                                                          std::size_t max_block);

/// Makes the allocator use again what is some MiB large, keep little beyond that, and have few
/// arenas. Call it once, before there is a second thread.
void tame_allocator();

}  // namespace cairn
