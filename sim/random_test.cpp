#include "sim/random.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace cairn::sim {
namespace {

TEST(Random, IsTheSameForOneSeedEverywhere) {
    Random random{1};
    EXPECT_EQ(random.next(), 12966619160104079557ULL);
    EXPECT_EQ(random.next(), 9600361134598540522ULL);
    EXPECT_NE(Random{2}.next(), Random{1}.next());
}

TEST(Random, StaysWithinItsBounds) {
    Random random{7};
    std::array<int, 3> seen{};
    for (int i = 0; i < 3'000; ++i) ++seen.at(random.below(3));
    for (const int count : seen) EXPECT_NEAR(count, 1'000, 150);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(random.between(5, 5), 5U);
    for (int i = 0; i < 100; ++i) EXPECT_LE(random.below((1ULL << 63) + 1), 1ULL << 63);
}

TEST(MinusLog2, IsExactAtPowersOfTwo) {
    for (int power = 0; power < 64; ++power)
        EXPECT_EQ(minus_log2(1ULL << power), static_cast<std::uint64_t>(64 - power) << 16);
}

TEST(MinusLog2, IsRightToItsLastPlace) {
    Random random{3};
    for (int i = 0; i < 2'000; ++i) {
        const std::uint64_t u = random.next() >> random.below(40);
        const double exact = (64.0 - std::log2(static_cast<double>(u))) * 65'536.0;
        EXPECT_NEAR(static_cast<double>(minus_log2(u)), exact, 1.5) << u;
    }
}

TEST(Exponential, HasItsMeanAndItsMedian) {
    Random random{5};
    std::uint64_t sum = 0;
    int above_median = 0;
    for (int i = 0; i < 20'000; ++i) {
        const auto wait = random.exponential(1'000'000);
        sum += wait;
        if (wait > 693'147) ++above_median;
    }
    EXPECT_NEAR(static_cast<double>(sum) / 20'000, 1'000'000, 30'000);
    EXPECT_NEAR(above_median, 10'000, 300);
}

}  // namespace
}  // namespace cairn::sim
