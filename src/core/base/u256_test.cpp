#include "core/base/u256.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/vectors_test.hpp"

namespace cairn {
namespace {

U256 big(std::string_view hex) {
    return U256::from_big_endian(
        testing::unhex_array<32>(std::string(64 - hex.size(), '0').append(hex)));
}

/// Numbers of every length, so that carries, shifts and quotients of all sizes occur.
U256 random_number(std::mt19937_64& random) {
    std::array<std::uint8_t, 32> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return U256::from_little_endian(bytes) >> static_cast<unsigned>(random() % 257);
}

TEST(U256, StandsInBothByteOrders) {
    const U256 number = big("0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
    const auto little = number.to_little_endian();
    EXPECT_EQ(little[0], 0x20);
    EXPECT_EQ(little[31], 0x01);
    EXPECT_EQ(U256::from_little_endian(little), number);
    EXPECT_EQ(number.to_big_endian()[0], 0x01);
    EXPECT_EQ(number.low64(), 0x191a1b1c1d1e1f20ULL);
}

TEST(U256, OrdersByTheMostSignificantDifference) {
    EXPECT_LT(U256{~std::uint64_t{0}}, U256{1} << 64);
    EXPECT_LT(U256{1} << 64, (U256{1} << 64) + U256{1});
    EXPECT_LT(U256{1} << 192, U256::max());
    EXPECT_EQ(U256{7} <=> U256{7}, std::strong_ordering::equal);
}

TEST(U256, AdditionCarriesThroughAllLimbsAndWraps) {
    EXPECT_EQ((U256{1} << 192) - U256{1} + U256{1}, U256{1} << 192);
    EXPECT_EQ(U256::max() + U256{1}, U256{});
    EXPECT_EQ(U256{} - U256{1}, U256::max());
    EXPECT_EQ(~U256{}, U256::max());
}

TEST(U256, ShiftsByAnyNumberOfBits) {
    EXPECT_EQ(U256{1} << 255, big("8" + std::string(63, '0')));
    EXPECT_EQ((U256{1} << 255) >> 255, U256{1});
    EXPECT_EQ(U256{1} << 256, U256{});
    EXPECT_EQ(U256::max() >> 256, U256{});
    EXPECT_EQ(big("123456789abcdef0123456789abcdef0") << 4,
              big("123456789abcdef0123456789abcdef00"));
    EXPECT_EQ(big("123456789abcdef0123456789abcdef00") >> 68, big("123456789abcdef0"));
    for (unsigned bits = 0; bits <= 256; ++bits) {
        const U256 ones = U256::max() >> bits;
        EXPECT_EQ(ones.bit_length(), 256 - static_cast<int>(bits));
        EXPECT_EQ((ones << bits) >> bits, ones);
    }
}

TEST(U256, DivisionLeavesARestBelowTheDivisor) {
    constexpr std::uint64_t kSeed = 20260101;
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 20'000; ++i) {
        const U256 dividend = random_number(random);
        const std::uint64_t divisor = (random() >> random() % 64) | 1;
        const U256 quotient = dividend / U256{divisor};
        const auto product = checked_multiply(quotient, divisor);
        ASSERT_TRUE(product) << "seed " << kSeed;
        ASSERT_LE(*product, dividend) << "seed " << kSeed;
        ASSERT_LT(dividend - *product, U256{divisor}) << "seed " << kSeed;
    }
}

TEST(U256, DivisionByLargeDivisors) {
    constexpr std::uint64_t kSeed = 20260102;
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 20'000; ++i) {
        // dividend = divisor * quotient + rest by construction, rest < divisor, no overflow.
        const std::uint64_t quotient = random() >> random() % 64;
        const U256 divisor = (random_number(random) >> 64) + U256{1};
        const U256 rest = divisor - U256{1};
        const U256 dividend = *checked_multiply(divisor, quotient) + rest;
        if (dividend < rest) continue;
        ASSERT_EQ(dividend / divisor, U256{quotient}) << "seed " << kSeed;
    }
    EXPECT_EQ(U256::max() / U256::max(), U256{1});
    EXPECT_EQ((U256::max() - U256{1}) / U256::max(), U256{});
    EXPECT_EQ(U256::max() / U256{1}, U256::max());
}

TEST(U256, MultiplicationTellsOverflow) {
    EXPECT_EQ(checked_multiply(U256::max() >> 1, 2), U256::max() - U256{1});
    EXPECT_EQ(checked_multiply((U256::max() >> 1) + U256{1}, 2), std::nullopt);
    EXPECT_EQ(checked_multiply(U256::max(), 0), U256{});
    EXPECT_EQ(checked_multiply(big("ffffffffffffffffffffffffffffffff"), 0xffffffffffffffffULL),
              big("fffffffffffffffeffffffffffffffff0000000000000001"));
}

TEST(U256, DoubleIsTheNearest) {
    EXPECT_EQ(U256{}.to_double(), 0.0);
    EXPECT_EQ(U256{0xffffffffffffffffULL}.to_double(), 18446744073709551616.0);
    EXPECT_EQ(U256::max().to_double(), std::ldexp(1.0, 256));
    // Halfway between two doubles goes to the even one; one unit more, 200 bits below, goes up.
    const U256 halfway = ((U256{1} << 53) + U256{1}) << 200;
    EXPECT_EQ(halfway.to_double(), std::ldexp(1.0, 253));
    EXPECT_EQ((halfway + U256{1}).to_double(), std::ldexp(9007199254740994.0, 200));
}

TEST(U256, BitLengthIsThePlaceOfTheHighestBit) {
    EXPECT_EQ(U256{}.bit_length(), 0);
    EXPECT_EQ(U256{1}.bit_length(), 1);
    EXPECT_EQ((U256{1} << 64).bit_length(), 65);
    EXPECT_EQ(U256::max().bit_length(), 256);
}

}  // namespace
}  // namespace cairn
