#include "core/base/memory_budget.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cairn {
namespace {

TEST(MemoryBudget, IsRefusedBeyondItsLimitAndNothingHasChanged) {
    const auto budget = MemoryBudget::make(100);
    auto first = budget->hold();
    auto second = budget->hold();
    EXPECT_TRUE(first.resize(60));
    EXPECT_TRUE(second.resize(40));
    EXPECT_FALSE(second.resize(41));
    EXPECT_EQ(second.bytes(), 40U);
    EXPECT_EQ(budget->used(), 100U);
}

TEST(MemoryBudget, IsNotFooledBySizesNearTheEndOfTheirRange) {
    const auto budget = MemoryBudget::make(100);
    auto hold = budget->hold();
    ASSERT_TRUE(hold.resize(1));
    EXPECT_FALSE(hold.resize(SIZE_MAX));
    EXPECT_FALSE(hold.resize(SIZE_MAX - 50));
    EXPECT_EQ(budget->used(), 1U);
}

TEST(MemoryBudget, GetsBackWhatAHoldHeldWhenItShrinksOrGoes) {
    const auto budget = MemoryBudget::make(100);
    {
        auto hold = budget->hold();
        ASSERT_TRUE(hold.resize(80));
        ASSERT_TRUE(hold.resize(30));
        EXPECT_EQ(budget->used(), 30U);
        const auto moved = std::move(hold);
        EXPECT_EQ(budget->used(), 30U);
    }
    EXPECT_EQ(budget->used(), 0U);
    EXPECT_EQ(budget->peak(), 80U);
}

TEST(MemoryBudget, OfAPartCountsForTheWhole) {
    const auto whole = MemoryBudget::make(100);
    const auto answers = whole->part(80);
    const auto requests = whole->part(80);
    auto answer = answers->hold();
    auto request = requests->hold();
    ASSERT_TRUE(answer.resize(70));
    EXPECT_FALSE(request.resize(31));
    EXPECT_EQ(requests->used(), 0U);  // what the whole refuses, the part does not keep
    EXPECT_TRUE(request.resize(30));
    EXPECT_FALSE(answer.resize(81));
    answer.clear();
    EXPECT_EQ(whole->used(), 30U);
}

TEST(MemoryBudget, WithoutABudgetAHoldIsUnbounded) {
    MemoryBudget::Hold hold;
    EXPECT_TRUE(hold.resize(SIZE_MAX));
}

TEST(MemoryBudget, OutlivesWhoMadeItWhileSomebodyHoldsOfIt) {
    auto budget = MemoryBudget::make(10);
    auto hold = budget->hold();
    ASSERT_TRUE(hold.resize(10));
    budget.reset();
    hold.clear();
    EXPECT_TRUE(hold.resize(5));
}

TEST(MemoryBudget, NeverHoldsMoreThanItsLimitWhoeverAsksAtOnce) {
    const auto whole = MemoryBudget::make(1'000);
    const auto part = whole->part(900);
    const auto work = [](const std::shared_ptr<MemoryBudget>& of) {
        auto hold = of->hold();
        for (std::size_t i = 0; i < 20'000; ++i) (void)hold.resize(i * 37 % 500);
    };
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i) threads.emplace_back([&] { work(part); });
        for (int i = 0; i < 2; ++i) threads.emplace_back([&] { work(whole); });
    }
    EXPECT_EQ(whole->used(), 0U);
    EXPECT_EQ(part->used(), 0U);
    EXPECT_LE(whole->peak(), 1'000U);
    EXPECT_LE(part->peak(), 900U);
}

}  // namespace
}  // namespace cairn
