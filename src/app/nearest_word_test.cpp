#include "app/nearest_word.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(TypingDistance, CountsWhatIsLeftOutPutInChangedAndSwapped) {
    EXPECT_EQ(typing_distance("", ""), 0U);
    EXPECT_EQ(typing_distance("warn", "warn"), 0U);
    EXPECT_EQ(typing_distance("warn", "WARN"), 0U);
    EXPECT_EQ(typing_distance("wan", "warn"), 1U);
    EXPECT_EQ(typing_distance("warrn", "warn"), 1U);
    EXPECT_EQ(typing_distance("worn", "warn"), 1U);
    EXPECT_EQ(typing_distance("wran", "warn"), 1U);
    EXPECT_EQ(typing_distance("stauts", "status"), 1U);
    EXPECT_EQ(typing_distance("", "warn"), 4U);
    EXPECT_EQ(typing_distance("info", "warn"), 4U);
    EXPECT_EQ(typing_distance("ca", "abc"), 3U);  // no part is changed twice
}

TEST(NearestWord, IsTwoSlipsAwayOrAThirdOfItsLetters) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(nearest_word("sttus", Words{"send", "status"}), "status");
    EXPECT_EQ(nearest_word("sttts", Words{"status"}), "status");     // 2
    EXPECT_EQ(nearest_word("sttt", Words{"status"}), std::nullopt);  // 3
    EXPECT_EQ(nearest_word("halvinginterwal", Words{"halving_interval"}), "halving_interval");
    EXPECT_EQ(nearest_word("trustd-prxi", Words{"trusted-proxy"}), "trusted-proxy");  // 3 of 11
    EXPECT_EQ(nearest_word("trstd-prxxi", Words{"trusted-proxy"}), std::nullopt);     // 4 of 11
}

TEST(NearestWord, IsTheNearestOfSeveralAndTheFirstOfEquals) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(nearest_word("mine-eveyr", Words{"mine-on", "mine-every", "mine-to"}), "mine-every");
    EXPECT_EQ(nearest_word("mine-xx", Words{"mine-on", "mine-to"}), "mine-on");
}

TEST(NearestWord, SharesALetterWithWhatWasTyped) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(nearest_word("zz", Words{"tx"}), std::nullopt);
    EXPECT_EQ(nearest_word("tz", Words{"tx"}), "tx");
    EXPECT_EQ(nearest_word("", Words{"tx"}), std::nullopt);
    EXPECT_EQ(nearest_word("x", Words{}), std::nullopt);
}

TEST(NearestWord, IsNotLookedForWhereAWordIsLongerThanAnyOfOurs) {
    EXPECT_EQ(nearest_word(std::string(100'000, 'a'), {std::string(100'000, 'a')}), std::nullopt);
}

TEST(NearestWord, IsAskedAbout) {
    EXPECT_EQ(did_you_mean("wran", {"info", "warn"}), "; did you mean \"warn\"?");
    EXPECT_EQ(did_you_mean("paper", {"info", "warn"}), "");
    EXPECT_EQ(one_of_these({"on", "off"}), "on or off");
    EXPECT_EQ(one_of_these({"debug", "info", "warn"}), "debug, info or warn");
    EXPECT_EQ(one_of_these({"remove"}), "remove");
}

}  // namespace
}  // namespace cairn
