#include "sim/simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace cairn::sim {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// CAIRN_SIM_SEEDS worlds of eight nodes, from seed CAIRN_SIM_SEED on.
TEST(Simulation, EndsInOneTipWhateverWentWrong) {
    const auto first = from_environment("CAIRN_SIM_SEED", 1);
    const auto seeds = from_environment("CAIRN_SIM_SEEDS", 16);
    Outcome worst;
    std::uint64_t blocks = 0, abandoned = 0, transfers = 0, faults = 0;
    for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
        const Outcome outcome = simulate(Plan{}, seed);
        ASSERT_FALSE(outcome.failure)
            << to_string(outcome) << "\nagain: cairn_sim --tell --seed " << seed;
        blocks += outcome.blocks;
        abandoned += outcome.abandoned;
        transfers += outcome.transfers;
        faults += outcome.faults;
        worst.equal_after = std::max(worst.equal_after, outcome.equal_after);
        worst.one_tip_after = std::max(worst.one_tip_after, outcome.one_tip_after);
        worst.deepest = std::max(worst.deepest, outcome.deepest);
    }
    std::printf(
        "%llu worlds: %llu blocks, %llu abandoned (deepest reorganisation %zu), %llu transfers, "
        "%llu faults; at worst %.1f s from the heal to equal work, %.1f s from a block to one "
        "tip\n",
        static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(blocks),
        static_cast<unsigned long long>(abandoned), worst.deepest,
        static_cast<unsigned long long>(transfers), static_cast<unsigned long long>(faults),
        static_cast<double>(worst.equal_after) / 1e6,
        static_cast<double>(worst.one_tip_after) / 1e6);
    // The plan is worth something only if things do go wrong.
    EXPECT_GT(faults, 10 * seeds);
    EXPECT_GT(abandoned, seeds);
    EXPECT_GT(transfers, 50 * seeds);
}

TEST(Simulation, IsTheSameHistoryForTheSameSeed) {
    Plan plan;
    plan.lasts /= 2;
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        const Outcome once = simulate(plan, seed);
        const Outcome again = simulate(plan, seed);
        EXPECT_EQ(once.history, again.history) << seed;
        EXPECT_EQ(once.events, again.events) << seed;
        EXPECT_GT(once.events, 1'000U);
    }
    EXPECT_NE(simulate(plan, 1).history, simulate(plan, 2).history);
}

TEST(Simulation, HasEveryPlanByItsName) {
    for (const auto name : kPlans) {
        auto plan = plan_of(name);
        ASSERT_TRUE(plan) << name;
        plan->lasts = 30 * kSecond;
        const Outcome outcome = simulate(*plan, 5);
        EXPECT_FALSE(outcome.failure) << name << ": " << to_string(outcome);
    }
    EXPECT_FALSE(plan_of("nothing"));
}

}  // namespace
}  // namespace cairn::sim
