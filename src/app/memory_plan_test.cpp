#include "app/memory_plan.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;
constexpr std::size_t kBlock = 4 * kMiB;

/// Everything that may be used at once, as far as it is counted: nine memtables, and what is staged
/// once more as the batch that is written.
std::size_t given(const MemoryPlan& plan) {
    return plan.pool + plan.store_cache + 9 * plan.store_table + 2 * plan.staged + plan.peers +
           plan.checks + plan.known + plan.connections + plan.requests + plan.answers +
           plan.blocks + plan.inventories;
}

TEST(MemoryPlan, LeavesRoomForTheProgramWhateverIsAskedFor) {
    constexpr std::size_t kProgram = 40 * kMiB;
    constexpr std::size_t kArgon2 = 38 * kMiB;
    for (const std::size_t memory : {337U, 352U, 768U, 1024U, 4096U, 65536U}) {
        for (const std::size_t pool : {1U, 16U, 32U, 128U, 2048U}) {
            const auto plan = plan_memory(memory, pool, kBlock);
            if (!plan) continue;
            EXPECT_EQ(plan->whole, memory * kMiB);
            EXPECT_LE(given(*plan) + kProgram + kArgon2, plan->whole) << memory << " " << pool;
        }
    }
}

TEST(MemoryPlan, OfTheDefaultsIsTheOneOfTheInterface) {
    const auto plan = plan_memory(768, 128, kBlock);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->pool, 128 * kMiB);
    EXPECT_EQ(plan->answers, 64 * kMiB);
    EXPECT_EQ(plan->store_table, 8 * kMiB);
}

TEST(MemoryPlan, HoldsTheLargestBlockInEachPart) {
    for (const std::size_t block : {1U, 4U, 32U}) {
        std::size_t memory = 1;
        while (!plan_memory(memory, 1, block * kMiB)) ++memory;
        const auto plan = plan_memory(memory, 1, block * kMiB);
        for (const std::size_t part : {plan->blocks, plan->staged, plan->peers, plan->store_cache})
            EXPECT_GE(part, block * kMiB) << block;
        EXPECT_GE(plan->checks, 5 * block * kMiB) << block;
    }
}

TEST(MemoryPlan, ThatDoesNotFitIsRefusedWithWhatWould) {
    const auto small = plan_memory(400, 128, kBlock);
    ASSERT_FALSE(small);
    EXPECT_EQ(
        small.error(),
        "--memory-mib 400 is too little: waiting transfers may take 128 MiB of it (--pool-mib) "
        "and all else needs 336; say --memory-mib 464 or more, or --pool-mib 64 or less");
    EXPECT_TRUE(plan_memory(464, 128, kBlock));
    EXPECT_TRUE(plan_memory(400, 64, kBlock));
    EXPECT_FALSE(plan_memory(463, 128, kBlock));
    EXPECT_FALSE(plan_memory(768, 2048, kBlock));
    EXPECT_TRUE(plan_memory(4096, 2048, kBlock));
    const auto tiny = plan_memory(100, 1, kBlock);
    ASSERT_FALSE(tiny);
    EXPECT_EQ(tiny.error().find("or less"), std::string::npos);
}

}  // namespace
}  // namespace cairn
