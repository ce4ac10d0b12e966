#include "core/primitives/coins.hpp"

#include <gtest/gtest.h>

#include <random>

namespace cairn {
namespace {

std::uint64_t units(std::string_view text) {
    const auto amount = parse_coins(text);
    EXPECT_TRUE(amount) << text;
    return amount ? amount->units() : ~std::uint64_t{0};
}

void expect_error(AmountError error, std::initializer_list<std::string_view> texts) {
    for (const auto text : texts) {
        const auto amount = parse_coins(text);
        ASSERT_FALSE(amount) << text;
        EXPECT_EQ(amount.error(), error) << text;
    }
}

TEST(ParseCoins, ReadsDecimalsExactly) {
    EXPECT_EQ(units("0"), 0U);
    EXPECT_EQ(units("12"), 1'200'000'000U);
    EXPECT_EQ(units("0.5"), 50'000'000U);
    EXPECT_EQ(units("1.50"), 150'000'000U);
    EXPECT_EQ(units("0.1"), 10'000'000U);
    EXPECT_EQ(units("0.3"), 30'000'000U);
    EXPECT_EQ(units("0.30000000"), 30'000'000U);
    EXPECT_EQ(units("0.00000001"), 1U);
    EXPECT_EQ(units("33554431.99999999"), Amount::kMaxUnits - 1);
}

TEST(ParseCoins, ReadsExponents) {
    EXPECT_EQ(units("1e-3"), 100'000U);
    EXPECT_EQ(units("1E2"), 10'000'000'000U);
    EXPECT_EQ(units("1e+2"), 10'000'000'000U);
    EXPECT_EQ(units("1e-8"), 1U);
    EXPECT_EQ(units("1.25e1"), 1'250'000'000U);
    EXPECT_EQ(units("123456789e-8"), 123'456'789U);
    EXPECT_EQ(units("0.000000001e1"), 1U);
    EXPECT_EQ(units("1e0000000000000000000000000000002"), 10'000'000'000U);
    EXPECT_EQ(units("10000000000e-18"), 1U);
}

TEST(ParseCoins, ZerosThatCarryNothingAreExact) {
    EXPECT_EQ(units("1.500000000"), 150'000'000U);
    EXPECT_EQ(units("0.000000010"), 1U);
    EXPECT_EQ(units("0.000000000000000000"), 0U);
    EXPECT_EQ(units("0e400"), 0U);
    EXPECT_EQ(units("0e-400"), 0U);
    EXPECT_EQ(units("0." + std::string(100'000, '0') + "1e100001"), 100'000'000U);
    EXPECT_EQ(units("1" + std::string(100'000, '0') + "e-100000"), 100'000'000U);
}

TEST(ParseCoins, RefusesWhatIsFinerThanAUnit) {
    expect_error(AmountError::too_precise,
                 {"0.000000001", "1.000000001", "1e-9", "1e-400", "1e-99999999999999999999999",
                  "0.123456789", "33554431.999999999"});
}

TEST(ParseCoins, TheCapIsTheLastAmount) {
    EXPECT_EQ(units("33554432"), Amount::kMaxUnits);
    EXPECT_EQ(units("3.3554432e7"), Amount::kMaxUnits);
    expect_error(AmountError::too_large,
                 {"33554432.00000001", "33554433", "99999999", "100000000", "18446744073709551616",
                  "184467440737.09551616", "1e400", "1e8", "1e99999999999999999999999",
                  "1e9223372036854775807", "123456789012345678901234567890"});
}

TEST(ParseCoins, RefusesNegativeNumbers) {
    expect_error(AmountError::negative, {"-1", "-0.5", "-1e-9", "-1e400"});
}

TEST(ParseCoins, RefusesNegativeZeroAsNegative) {
    expect_error(AmountError::negative, {"-0", "-0.0", "-0e5"});
}

TEST(ParseCoins, RefusesWhatIsNoJsonNumber) {
    expect_error(AmountError::not_a_number, {"",
                                             " ",
                                             "-",
                                             "+1",
                                             ".5",
                                             "1.",
                                             "01",
                                             "00",
                                             "-01",
                                             "1,5",
                                             "1 ",
                                             " 1",
                                             "1e",
                                             "1e+",
                                             "1e-",
                                             "1.e2",
                                             "e5",
                                             "NaN",
                                             "Infinity",
                                             "-Infinity",
                                             "0x10",
                                             "1_000",
                                             "1e1.5",
                                             "1.2.3",
                                             "--1",
                                             "abc",
                                             "1a",
                                             "\xd9\xa1",
                                             std::string_view{"1\0", 2}});
}

TEST(FormatCoins, WritesTheShortestDecimal) {
    EXPECT_EQ(format_coin_units(0), "0");
    EXPECT_EQ(format_coin_units(1), "0.00000001");
    EXPECT_EQ(format_coin_units(10), "0.0000001");
    EXPECT_EQ(format_coin_units(50'000'000), "0.5");
    EXPECT_EQ(format_coin_units(150'000'000), "1.5");
    EXPECT_EQ(format_coin_units(1'200'000'000), "12");
    EXPECT_EQ(format_coin_units(10'000'000'001), "100.00000001");
    EXPECT_EQ(format_coin_units(Amount::kMaxUnits), "33554432");
    EXPECT_EQ(format_coin_units(~std::uint64_t{0}), "184467440737.09551615");
}

TEST(FormatCoins, EveryAmountComesBack) {
    constexpr std::uint64_t kSeed = 54;
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 100'000; ++i) {
        const auto amount =
            *Amount::from_units((random() >> random() % 64) % (Amount::kMaxUnits + 1));
        ASSERT_EQ(parse_coins(format_coin_units(amount.units())), amount) << "seed " << kSeed;
    }
}

TEST(AmountError, SentencesSayWhatWouldBeAccepted) {
    EXPECT_NE(to_sentence(AmountError::not_a_number).find("0.5"), std::string_view::npos);
    EXPECT_NE(to_sentence(AmountError::negative).find("not negative"), std::string_view::npos);
    EXPECT_NE(to_sentence(AmountError::too_precise).find("8 decimals"), std::string_view::npos);
    EXPECT_NE(to_sentence(AmountError::too_large).find("33554432"), std::string_view::npos);
}

}  // namespace
}  // namespace cairn
