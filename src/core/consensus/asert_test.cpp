#include "core/consensus/asert.hpp"

#include <gtest/gtest.h>

#include "core/vectors_test.hpp"

namespace cairn {
namespace {

const U256 kLimit = U256{0xffff} << 208;
const AsertParams kParams{600, 172'800, kLimit};

/// What follows a name in the head of a file of vectors.
std::string field(const std::vector<std::string>& lines, std::string_view name) {
    for (const auto& line : lines)
        if (const auto at = line.find(name); at != std::string::npos && line.starts_with("##"))
            return line.substr(line.rfind(' ') + 1);
    ADD_FAILURE() << "no field " << name;
    return "0";
}

TEST(Asert, BitsAreThoseOfThePublishedRuns) {
    int rows = 0;
    for (int run = 1; run <= 12; ++run) {
        const std::string name = run < 10 ? "0" + std::to_string(run) : std::to_string(run);
        const auto lines = testing::lines_of(testing::read_vectors("asert/run" + name + ".txt"));
        const std::uint64_t anchor_height = std::stoull(field(lines, "anchor height"));
        const std::int64_t reference =
            std::stoll(field(lines, run >= 11 ? "anchor parent time" : "anchor ancestor time"));
        const auto anchor_bits =
            static_cast<std::uint32_t>(std::stoul(field(lines, "anchor nBits"), nullptr, 16));
        const U256 anchor_target = *expand({anchor_bits});
        for (const auto& line : lines) {
            if (line.empty() || line.starts_with('#')) continue;
            const auto row = testing::fields_of(line, ' ');
            const std::uint64_t height = std::stoull(row.at(1));
            const std::int64_t time = std::stoll(row.at(2));
            const auto expected = static_cast<std::uint32_t>(std::stoul(row.at(3), nullptr, 16));
            ASSERT_EQ(
                asert_bits(anchor_target, time - reference, height - anchor_height + 1, kParams),
                CompactBits{expected})
                << "run " << run << ", row " << row.at(0);
            ++rows;
        }
    }
    EXPECT_EQ(rows, 14'000);
}

TEST(Asert, OnScheduleNothingChanges) {
    for (const std::uint32_t value : {0x1d00ffffU, 0x1a2b3c4dU, 0x01010000U})
        for (const std::uint64_t blocks : {1U, 2U, 1000U})
            EXPECT_EQ(asert_bits(*expand({value}), static_cast<std::int64_t>(600 * blocks), blocks,
                                 kParams),
                      CompactBits{value});
}

TEST(Asert, AHalfLifeBehindHalvesTheDifficultyAndOneAheadDoublesIt) {
    const U256 anchor = U256{0x8000} << 180;
    EXPECT_EQ(asert_bits(anchor, 600 + 172'800, 1, kParams), compress(anchor << 1));
    EXPECT_EQ(asert_bits(anchor, 600 - 172'800, 1, kParams), compress(anchor >> 1));
}

TEST(Asert, ExponentIsTruncatedTowardZero) {
    // One second is 65536/172800 of a step: within a step of either side nothing moves. Rounding
    // down would take a second ahead of schedule for a whole step.
    const U256 anchor = U256{0x7fffff} << 180;
    for (const std::int64_t seconds : {-2, -1, 0, 1, 2})
        EXPECT_EQ(asert_bits(anchor, 600 + seconds, 1, kParams), compress(anchor)) << seconds;
    EXPECT_LT(asert_bits(anchor, 600 - 3, 1, kParams), compress(anchor));
}

TEST(Asert, IsHeldBetweenOneAndTheLimit) {
    EXPECT_EQ(asert_bits(kLimit, 601 + 172'800, 1, kParams), compress(kLimit));
    EXPECT_EQ(asert_bits(kLimit, INT64_MAX, 0, kParams), compress(kLimit));
    EXPECT_EQ(asert_bits(U256{1}, INT64_MAX, 0, kParams), compress(kLimit));
    EXPECT_EQ(asert_bits(kLimit, INT64_MIN, 0, kParams), compress(U256{1}));
    EXPECT_EQ(asert_bits(U256{1}, 600 - 172'800, 1, kParams), compress(U256{1}));
}

TEST(Asert, NoValueOverflowsAtTheEdgesOfItsInputs) {
    for (const std::uint32_t spacing : {1U, 600U, 0xffffffffU})
        for (const std::uint32_t half_life : {1U, 172'800U, 0xffffffffU}) {
            const AsertParams params{spacing, half_life, U256::max()};
            EXPECT_EQ(asert_bits(U256::max(), INT64_MIN, UINT64_MAX, params), compress(U256{1}));
            EXPECT_EQ(asert_bits(U256::max(), 0, 0, params), compress(U256::max()));
        }
    const AsertParams fastest{1, 1, U256::max()};
    EXPECT_EQ(asert_bits(U256{1}, INT64_MAX, 0, fastest), compress(U256::max()));
}

TEST(Asert, WhatOutgrows256BitsIsTheLimit) {
    const AsertParams wide{1, 1, U256::max()};
    for (int bits = 0; bits < 256; ++bits)
        for (int doublings = 0; doublings < 300; ++doublings) {
            const U256 anchor = U256{1} << static_cast<unsigned>(bits);
            const U256 expected = bits + doublings < 256
                                      ? U256{1} << static_cast<unsigned>(bits + doublings)
                                      : U256::max();
            ASSERT_EQ(asert_bits(anchor, doublings, 0, wide), compress(expected))
                << bits << " + " << doublings;
        }
}

TEST(Asert, EasyTargetsAreScaledAsHardOnesAre) {
    // The target of 207fffff has 255 bits and its product with the factor 272: nothing may be cut
    // off. A target 2^100 times smaller must go through the same bits, up to the exponent's byte.
    const U256 easy = U256{0x7fffff} << 232;
    const U256 hard = easy >> 104;
    const AsertParams wide{600, 172'800, U256::max()};
    for (std::int64_t seconds = -20 * 172'800; seconds < 0; seconds += 997) {
        const auto of_easy = asert_bits(easy, 600 + seconds, 1, wide).value;
        const auto of_hard = asert_bits(hard, 600 + seconds, 1, wide).value;
        ASSERT_EQ(of_easy - (13U << 24), of_hard) << seconds;
    }
}

TEST(Asert, SmallTargetsAreScaledExactly) {
    // From target 1, n doublings and a fraction lead to floor(2^n · factor / 65536): rows of tiny
    // numbers, where the parts below one unit must not be lost before they are shifted up.
    const AsertParams wide{1, 65'536, U256::max()};
    for (const std::int64_t exponent : {0, 32'768, 65'535, 65'536, 98'304, 20 * 65'536 + 12'345}) {
        const int doublings = static_cast<int>(exponent >> 16);
        const auto fraction = static_cast<std::uint64_t>(exponent & 0xffff);
        const std::uint64_t factor =
            65'536 + ((195'766'423'245'049ULL * fraction + 971'821'376ULL * fraction * fraction +
                       5'127ULL * fraction * fraction * fraction + (1ULL << 47)) >>
                      48);
        const U256 expected = (U256{factor} << static_cast<unsigned>(doublings)) >> 16;
        EXPECT_EQ(asert_bits(U256{1}, exponent, 0, wide), compress(expected)) << exponent;
    }
}

TEST(Asert, FallsWithoutAStepUpAsTimeRunsShort) {
    const U256 anchor = *expand({0x1802aee8});
    auto previous = *expand(asert_bits(anchor, 200'000, 1, kParams));
    for (std::int64_t time = 199'999; time > -200'000; --time) {
        const auto target = *expand(asert_bits(anchor, time, 1, kParams));
        ASSERT_LE(target, previous) << time;
        previous = target;
    }
}

}  // namespace
}  // namespace cairn
