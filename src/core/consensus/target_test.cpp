#include "core/consensus/target.hpp"

#include <gtest/gtest.h>

#include "core/crypto/sha256.hpp"
#include "core/vectors_test.hpp"

namespace cairn {
namespace {

U256 from_hex_number(std::string_view hex) {
    return U256::from_big_endian(
        testing::unhex_array<32>(std::string(64 - hex.size(), '0').append(hex)));
}

std::uint32_t number(std::string_view hex) {
    return static_cast<std::uint32_t>(std::stoul(std::string{hex}, nullptr, 16));
}

std::uint32_t read_u32(ByteView at) {
    return std::uint32_t{at[0]} | std::uint32_t{at[1]} << 8 | std::uint32_t{at[2]} << 16 |
           std::uint32_t{at[3]} << 24;
}

TEST(Bits, MeanWhatBitcoinsCasesSay) {
    const auto lines = testing::lines_of(testing::read_vectors("nbits/compact.csv"));
    int cases = 0;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto row = testing::fields_of(lines[i]);
        const CompactBits bits{number(row.at(0))};
        const bool negative = row.at(2) == "true";
        const bool overflow = row.at(3) == "true";
        ++cases;
        if (negative || overflow) {
            EXPECT_EQ(expand(bits), std::nullopt) << row[0];
            continue;
        }
        const U256 target = from_hex_number(row.at(1));
        const CompactBits canonical{number(row.at(4))};
        EXPECT_EQ(compress(target), canonical) << row[0];
        if (target.is_zero() || canonical != bits)
            EXPECT_EQ(expand(bits), std::nullopt) << row[0];
        else
            EXPECT_EQ(expand(bits), target) << row[0];
    }
    EXPECT_EQ(cases, 23);
}

TEST(Bits, WhatExpandsCompressesBackToItself) {
    // All exponents, and mantissas dense at every edge of a byte.
    std::size_t accepted = 0;
    for (std::uint32_t size = 0; size <= 0xff; ++size)
        for (std::uint32_t mantissa = 0; mantissa <= 0xffffff; mantissa += 0xfd) {
            const CompactBits bits{size << 24 | mantissa};
            const auto target = expand(bits);
            if (!target) continue;
            ++accepted;
            ASSERT_EQ(compress(*target), bits) << std::hex << bits.value;
        }
    EXPECT_GT(accepted, 900'000U);
}

TEST(Bits, EveryTargetIsRoundedDownToOneThatExpands) {
    constexpr std::uint64_t kSeed = 23;
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 100'000; ++i) {
        std::array<std::uint8_t, 32> bytes{};
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        const U256 target =
            U256::from_little_endian(bytes) >> static_cast<unsigned>(random() % 256);
        if (target.is_zero()) continue;
        const auto rounded = expand(compress(target));
        ASSERT_TRUE(rounded) << "seed " << kSeed;
        ASSERT_LE(*rounded, target) << "seed " << kSeed;
        // At least sixteen significant bits are kept.
        ASSERT_LE(target - *rounded, target >> 15) << "seed " << kSeed;
    }
}

TEST(Bits, EdgesOfWhatFits) {
    EXPECT_EQ(expand({0x01010000}), U256{1});
    EXPECT_EQ(expand({0x2100ffff}), U256{0xffff} << 240);
    EXPECT_EQ(expand({0x2200ffff}), std::nullopt);
    EXPECT_EQ(expand({0x22000100}), std::nullopt);  // fits, but is written 0x21010000 or shorter
    EXPECT_EQ(expand({0x21010000}), std::nullopt);
    EXPECT_EQ(expand({0x01800000}), std::nullopt);
    EXPECT_EQ(compress(U256::max()), CompactBits{0x2100ffff});
    EXPECT_EQ(compress(U256{}), CompactBits{0});
}

TEST(Work, IsTheExpectedNumberOfHashes) {
    EXPECT_EQ(work_of(U256::max()), U256{1});
    EXPECT_EQ(work_of(U256::max() - U256{1}), U256{1});
    EXPECT_EQ(work_of((U256{1} << 255) - U256{1}), U256{2});
    EXPECT_EQ(work_of(U256{1} << 255), U256{1});
    EXPECT_EQ(work_of(U256{1}), U256{1} << 255);
    EXPECT_EQ(work_of(U256{}), U256{});  // 2^256 wraps; no target is zero
    EXPECT_EQ(work_of(*expand({0x1d00ffff})), U256{0x0000000100010001});
    EXPECT_EQ(work_of(*expand({0x207fffff})), U256{2});
    EXPECT_EQ(work_of(*expand({0x1e0fffff})), U256{0x100001});
}

TEST(Meets, TheTargetItselfIsEnough) {
    const U256 target = *expand({0x1d00ffff});
    EXPECT_TRUE(meets(BlockHash{target.to_little_endian()}, target));
    EXPECT_FALSE(meets(BlockHash{(target + U256{1}).to_little_endian()}, target));
    EXPECT_TRUE(meets(BlockHash{}, U256{1}));
}

TEST(Meets, MinedHeadersHaveTheirWork) {
    for (const auto& header : testing::mined_headers()) {
        const auto target = expand({read_u32(ByteView{header.bytes}.subspan(72))});
        ASSERT_TRUE(target);
        EXPECT_TRUE(meets(digest_cast<BlockHash>(sha256d(header.bytes)), *target));
        // The same header with another nonce has none.
        Bytes other = header.bytes;
        other[76] = static_cast<std::uint8_t>(other[76] ^ 1U);
        EXPECT_FALSE(meets(digest_cast<BlockHash>(sha256d(other)), *target));
    }
}

TEST(Meets, SharesOfARealMinerMeetTheShareTarget) {
    const auto transcript = testing::read_json_vectors("stratum/minerd-2.5.1-transcript.json");
    const U256 target = *checked_multiply(U256{0xffff} << 208, 500);  // difficulty 0.002
    int shares = 0;
    for (const auto& share : transcript.at("shares").as_array()) {
        const Bytes header = testing::unhex(std::string_view{share.at("header").as_string()});
        const auto hash = digest_cast<BlockHash>(sha256d(header));
        EXPECT_EQ(hash.to_string(), std::string_view{share.at("hash_display").as_string()});
        EXPECT_TRUE(meets(hash, target));
        EXPECT_FALSE(meets(hash, *expand({read_u32(ByteView{header}.subspan(72))})));
        ++shares;
    }
    EXPECT_EQ(shares, 3);
}

TEST(Difficulty, IsRelativeToTheFirstTarget) {
    EXPECT_EQ(difficulty_of(*expand({0x1d00ffff})), 1.0);
    EXPECT_NEAR(difficulty_of(*expand({0x1b0404cb})), 16307.420938523983, 1e-6);
    EXPECT_NEAR(difficulty_of(*expand({0x207fffff})), 4.656542373906925e-10, 1e-20);
}

}  // namespace
}  // namespace cairn
