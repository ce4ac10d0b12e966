#include "core/base/step_times.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace cairn {
namespace {

TEST(StepTimes, BeginEmpty) {
    const StepTimes times;
    EXPECT_EQ(times.count(), 0U);
    EXPECT_EQ(times.longest_ns(), 0U);
}

TEST(StepTimes, CountAStepBelowItsLimitAndNotBelowTheOneBefore) {
    for (std::size_t i = 0; i + 1 < StepTimes::kBuckets; ++i) {
        StepTimes times;
        const std::uint64_t limit = std::uint64_t{1'000} << i;
        times.add(limit - 1);
        times.add(limit);
        EXPECT_EQ(times.count(i), 1U) << i;
        EXPECT_EQ(times.count(i + 1), 1U) << i;
    }
    StepTimes times;
    times.add(UINT64_MAX);
    EXPECT_EQ(times.count(StepTimes::kBuckets - 1), 1U);
}

TEST(StepTimes, KeepTheLongest) {
    StepTimes times;
    for (const std::uint64_t ns : {5U, 900'000U, 20U}) times.add(ns);
    EXPECT_EQ(times.longest_ns(), 900'000U);
    EXPECT_EQ(times.count(), 3U);
}

TEST(StepTimes, LoseNothingOfSeveralThreads) {
    StepTimes times;
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t t = 1; t <= 4; ++t)
            threads.emplace_back([&times, t] {
                for (std::uint64_t i = 0; i < 10'000; ++i) times.add(t * 10'000 + i);
            });
    }
    EXPECT_EQ(times.count(), 40'000U);
    EXPECT_EQ(times.longest_ns(), 49'999U);
}

}  // namespace
}  // namespace cairn
