#include "core/consensus/rejection.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cairn {
namespace {

TEST(Rejection, EveryRuleHasANameOfItsOwnAndAText) {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Rule::sender_full); ++i) {
        const auto rule = static_cast<Rule>(i);
        EXPECT_TRUE(names.insert(rule_name(rule)).second) << rule_name(rule);
        EXPECT_FALSE(rule_text(rule).empty());
        EXPECT_EQ(rule_name(rule).find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
                  std::string_view::npos);
    }
}

TEST(Rejection, TheNamesStandInTheOrderOfTheRules) {
    EXPECT_EQ(rule_name(Rule::malformed), "malformed");
    EXPECT_EQ(rule_name(Rule::time_not_in_future), "time_not_in_future");
    EXPECT_EQ(rule_name(Rule::signature), "signature");
    EXPECT_EQ(rule_name(Rule::reward_amount), "reward_amount");
    EXPECT_EQ(rule_name(Rule::reorg_depth), "reorg_depth");
    EXPECT_EQ(rule_name(Rule::sender_full), "sender_full");
}

TEST(Rejection, IsASentence) {
    EXPECT_EQ((Rejection{Rule::nonce, "nonce 4", "5"}.to_string()),
              "nonce: expected nonce 4, found 5");
}

}  // namespace
}  // namespace cairn
