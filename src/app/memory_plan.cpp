#include "app/memory_plan.hpp"

#include <malloc.h>

#include <algorithm>

namespace cairn {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
/// Without the pool. Log-in takes 38 MiB of it (two runs of Argon2), the program some 40.
constexpr std::size_t kLeastMemory = 336 * kMiB;
/// A block is read, checked, staged and written, each time whole, and taken apart it is five times
/// as large.
constexpr std::size_t kLeastOfBlocks = 76;
/// A batch of 4 MiB takes three times as much until it is answered, and strangers have three
/// quarters.
constexpr std::size_t kRequestsMin = 17 * kMiB;
constexpr std::size_t kAnswersMax = 64 * kMiB;
constexpr std::size_t kTableMax = 64 * kMiB;

}  // namespace

Result<MemoryPlan, std::string> plan_memory(std::size_t memory_mib, std::size_t pool_mib,
                                            std::size_t max_block) {
    const std::size_t least_mib = std::max(kLeastMemory, kLeastOfBlocks * max_block) / kMiB;
    if (memory_mib < pool_mib + least_mib) {
        std::string sentence =
            "--memory-mib " + std::to_string(memory_mib) +
            " is too little: waiting transfers may take " + std::to_string(pool_mib) +
            " MiB of it (--pool-mib) and all else needs " + std::to_string(least_mib) +
            "; say --memory-mib " + std::to_string(pool_mib + least_mib) + " or more";
        if (memory_mib > least_mib)
            sentence += ", or --pool-mib " + std::to_string(memory_mib - least_mib) + " or less";
        return fail(std::move(sentence));
    }
    MemoryPlan plan;
    plan.whole = memory_mib * kMiB;
    plan.pool = pool_mib * kMiB;
    const std::size_t rest = plan.whole - plan.pool;
    plan.store_cache = rest / 20;
    plan.store_table = std::min(rest / 80, kTableMax);
    plan.staged = rest / 20;
    plan.peers = rest / 12;
    plan.checks = rest / 64 * 7;
    plan.known = rest / 32;
    plan.connections = rest / 16;
    plan.requests = std::max(rest / 24, kRequestsMin);
    plan.answers = std::min(rest / 10, kAnswersMax);
    plan.blocks = rest / 32;
    plan.inventories = rest / 32;
    return plan;
}

void tame_allocator() {
    // Blocks and bodies of some MiB come and go all the time. Mapped one by one, each costs a fault
    // a page, several times what is done with it; kept on the heap they are used again, and
    // MemoryWatch gives back what is not. By default the threshold rises with what is freed.
    constexpr int kMapped = 8 * 1024 * 1024;
    constexpr int kKept = 16 * 1024 * 1024;
    constexpr int kArenas = 4;
    mallopt(M_MMAP_THRESHOLD, kMapped);
    mallopt(M_TRIM_THRESHOLD, kKept);
    mallopt(M_ARENA_MAX, kArenas);
}

}  // namespace cairn
