#include "core/consensus/header_rules.hpp"

#include <gtest/gtest.h>

#include "core/testing/keys.hpp"

namespace cairn {
namespace {

using testing::easy_spec;
using testing::mined;

HashedHeader plain(UnixSeconds time = 100, std::uint32_t bits = 0x207fffff) {
    BlockHeader header;
    header.time = time;
    header.bits = CompactBits{bits};
    return hashed(mined(header));
}

const HeaderContext kContext{2, CompactBits{0x207fffff}, 100};

Rule rule_of(const Result<void, Rejection>& result) {
    EXPECT_FALSE(result);
    return result ? Rule::malformed : result.error().rule;
}

TEST(HeaderRule2, BitsAreCanonical) {
    for (const std::uint32_t bits : {0u, 0x20ffffffu, 0x1f000fffu, 0x23000001u}) {
        EXPECT_EQ(rule_of(check_work(plain(100, bits))), Rule::bits_canonical) << bits;
        HeaderContext context = kContext;
        context.required_bits = CompactBits{bits};
        EXPECT_EQ(rule_of(accept_header(plain(100, bits), context)), Rule::bits_canonical) << bits;
    }
}

TEST(HeaderRule2, BitsAreWhatIsRequired) {
    EXPECT_TRUE(accept_header(plain(), kContext));
    const auto refused = accept_header(plain(100, 0x207ffffe), kContext);
    EXPECT_EQ(rule_of(refused), Rule::bits_required);
    EXPECT_EQ(refused.error().expected, "207fffff");
    EXPECT_EQ(refused.error().found, "207ffffe");
}

TEST(HeaderRule2, AFixedChainDemandsTheSpecsBitsAtEveryHeight) {
    const auto params = *ChainParams::make(easy_spec());
    for (const Height parent : {1u, 2u, 1000u})
        EXPECT_EQ(required_bits(params, parent, 0xffffffff, 0), CompactBits{0x207fffff});
}

class RequiredBits : public ::testing::Test {
protected:
    static ChainParams params() {
        ChainSpec spec = easy_spec();
        spec.mode = DifficultyMode::asert;
        spec.bits = CompactBits{0x1e0fffff};
        spec.spacing = 15;
        spec.half_life = 3600;
        return *ChainParams::make(spec);
    }
    ChainParams params_ = params();
};

TEST_F(RequiredBits, BlocksTwoAndBelowTakeTheSpecsBitsWhateverTheirTimes) {
    EXPECT_EQ(required_bits(params_, 0, 0, 0), CompactBits{0x1e0fffff});
    EXPECT_EQ(required_bits(params_, 1, 0, 0xffffffff), CompactBits{0x1e0fffff});
    EXPECT_EQ(required_bits(params_, 1, 0xffffffff, 0), CompactBits{0x1e0fffff});
}

TEST_F(RequiredBits, OnPlanTheBitsStay) {
    for (Height parent = 2; parent < 50; ++parent)
        EXPECT_EQ(required_bits(params_, parent, static_cast<UnixSeconds>(1000 + 15 * (parent - 2)),
                                1000),
                  CompactBits{0x1e0fffff});
}

// One half-life ahead of plan: the target halves. 0x0fffff · 2^(8·27) / 2 = 0x07ffff8 · …, rounded
// down.
TEST_F(RequiredBits, AHalfLifeAheadHalvesTheTargetAndOneBehindIsCutAtTheLimit) {
    const Height parent = 2 + 240;  // 3600 s of plan
    EXPECT_EQ(required_bits(params_, parent, 1000, 1000), CompactBits{0x1e07ffff});
    EXPECT_EQ(required_bits(params_, parent, 1000 + 7200, 1000), CompactBits{0x1e0fffff});
    EXPECT_EQ(required_bits(params_, 2 + 480, 1000, 1000), CompactBits{0x1e03ffff});
}

TEST_F(RequiredBits, BlockThreeIsTheFirstThatFollowsItsParentsTime) {
    // The anchor's own time is the parent's: exactly on plan, so only a limit below could show
    // more.
    EXPECT_EQ(required_bits(params_, 2, 5000, 5000), CompactBits{0x1e0fffff});
    EXPECT_LT(required_bits(params_, 3, 5000, 5000).value, 0x1e0fffffu);
}

TEST_F(RequiredBits, TimesMayLieBeforeTheAnchor) {
    EXPECT_LT(required_bits(params_, 3, 0, 0xffffffff).value, 0x0400ffffu);  // the hardest there is
    EXPECT_EQ(required_bits(params_, 3, 0xffffffff, 0), CompactBits{0x1e0fffff});
}

TEST(HeaderRule3, TheHashIsAtMostTheTarget) {
    BlockHeader header;
    header.bits = CompactBits{0x207fffff};
    bool good = false;
    bool bad = false;
    for (; !good || !bad; ++header.nonce) {
        const auto at = hashed(header);
        const bool meets_it = at.hash.bytes[31] < 0x80;  // 7fffff00…00 is only just below half
        const auto result = check_work(at);
        EXPECT_EQ(result.has_value(), meets_it);
        if (!result) {
            EXPECT_EQ(result.error().rule, Rule::proof_of_work);
        }
        (meets_it ? good : bad) = true;
    }
    EXPECT_EQ(rule_of(accept_header(
                  [&] {
                      BlockHeader lazy;
                      lazy.bits = kContext.required_bits;
                      lazy.time = 100;
                      while (check_work(hashed(lazy))) ++lazy.nonce;
                      return hashed(lazy);
                  }(),
                  kContext)),
              Rule::proof_of_work);
}

TEST(HeaderRule3, VersionIsReadByNoRule) {
    BlockHeader header;
    header.version = 0xffffffff;
    header.time = 100;
    header.bits = kContext.required_bits;
    EXPECT_TRUE(accept_header(hashed(mined(header)), kContext));
}

TEST(HeaderRule4, TimeIsAtLeastTheMedian) {
    EXPECT_TRUE(accept_header(plain(100), kContext));
    const auto refused = accept_header(plain(99), kContext);
    EXPECT_EQ(rule_of(refused), Rule::time_after_median);
    EXPECT_EQ(refused.error().expected, "at least 100");
    EXPECT_EQ(refused.error().found, "99");
}

TEST(HeaderRule4, TheMedianIsTheElementInTheMiddleRoundedUp) {
    const auto median = [](std::vector<UnixSeconds> times) { return median_time(times); };
    EXPECT_EQ(median({7}), 7u);
    EXPECT_EQ(median({9, 5}), 9u);
    EXPECT_EQ(median({9, 5, 7}), 7u);
    EXPECT_EQ(median({4, 3, 2, 1}), 3u);
    EXPECT_EQ(median({11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}), 6u);
}

TEST(HeaderRule5, TimeIsAtMostTheLimitAheadOfNow) {
    ChainSpec spec = easy_spec();
    spec.future_limit = 7200;
    const auto params = *ChainParams::make(spec);
    const UnixSeconds now = 1'000'000;
    BlockHeader header;
    header.time = now + 7200;
    EXPECT_TRUE(check_not_early(header, now, params));
    header.time = now + 7201;
    EXPECT_EQ(rule_of(check_not_early(header, now, params)), Rule::time_not_in_future);
    EXPECT_TRUE(check_not_early(header, now + 1, params));
    header.time = 0xffffffff;  // the sum is not cut to 32 bits
    EXPECT_TRUE(check_not_early(header, 0xffffffff - 7200, params));
    EXPECT_TRUE(check_not_early(header, 0xffffffff, params));
    EXPECT_FALSE(check_not_early(header, 0xffffffff - 7201, params));
}

TEST(HeaderRule5, AFutureLimitOfZeroIsNone) {
    BlockHeader header;
    header.time = 0xffffffff;
    EXPECT_TRUE(check_not_early(header, 0, *ChainParams::make(easy_spec())));
}

}  // namespace
}  // namespace cairn
