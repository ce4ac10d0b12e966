#include "api/http/problem.hpp"

#include <gtest/gtest.h>

#include "json/reader.hpp"

namespace cairn::http {
namespace {

TEST(Problem, HasTheMembersOfTheRfcAndTheMessage) {
    const Problem problem{.status = 404, .detail = "There is no block 7."};
    EXPECT_EQ(to_json(problem),
              R"({"type":"about:blank","title":"Not Found","status":404,)"
              R"("detail":"There is no block 7.","message":"There is no block 7."})");
}

TEST(Problem, OfAFieldNamesItWithExpectedAndFound) {
    const Problem problem = problem_of(
        json::FieldError{.field = "amount", .expected = "coins", .found = "true", .reason = ""});
    EXPECT_EQ(problem.status, 400u);
    const auto body = json::parse(to_json(problem));
    ASSERT_TRUE(body);
    EXPECT_EQ(*body->find("field")->string(), "amount");
    EXPECT_EQ(*body->find("expected")->string(), "coins");
    EXPECT_EQ(*body->find("found")->string(), "true");
    EXPECT_EQ(*body->find("detail")->string(), "amount: expected coins, found true");
}

TEST(Problem, OfARuleNamesIt) {
    const Rejection rejection{.rule = Rule::overdraft, .expected = "5 coins", .found = "3"};
    const auto body = json::parse(to_json(problem_of(rejection)));
    EXPECT_EQ(*body->find("rule")->string(), "overdraft");
    EXPECT_EQ(*body->find("status")->number(), (json::Number{"400"}));
    EXPECT_EQ(problem_of(rejection, 409).status, 409u);
}

TEST(Problem, IsValidJsonWhateverItSays) {
    EXPECT_TRUE(json::parse(to_json({.status = 400, .detail = "\xFF\"\n\x01"})));
}

}  // namespace
}  // namespace cairn::http
