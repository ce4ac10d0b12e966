#include "api/http/router.hpp"

#include <gtest/gtest.h>

#include "api/http/raw_head.hpp"

namespace cairn::http {
namespace {

Router table() {
    return Router{{
        {.method = Method::get, .pattern = "/"},
        {.method = Method::get, .pattern = "/chain"},
        {.method = Method::get, .pattern = "/mine", .changes = true},
        {.method = Method::post, .pattern = "/mine", .changes = true},
        {.method = Method::get, .pattern = "/blocks/{id}"},
        {.method = Method::get, .pattern = "/transactions/{id}"},
        {.method = Method::get, .pattern = "/transactions/{id}/proof"},
        {.method = Method::post, .pattern = "/transactions/new", .changes = true},
        {.method = Method::del, .pattern = "/users/{name}", .changes = true},
        {.method = Method::get, .pattern = "/users/me"},
    }};
}

/// "4 seven" of a match: the row and the parameters; "404" or "405 allow" of none.
std::string find(const Router& router, std::string_view method, std::string_view target) {
    const auto head = parse_head(std::string{method} + " " + std::string{target} +
                                 " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(head);
    const auto match = router.find(*head);
    if (!match) {
        const Problem& problem = match.error();
        return std::to_string(problem.status) + (problem.allow.empty() ? "" : " " + problem.allow);
    }
    std::string out = std::to_string(match->route);
    for (const std::string& parameter : match->parameters) out += " " + parameter;
    return out;
}

TEST(Router, FindsByMethodAndPath) {
    const Router router = table();
    EXPECT_EQ(find(router, "GET", "/"), "0");
    EXPECT_EQ(find(router, "GET", "/chain"), "1");
    EXPECT_EQ(find(router, "GET", "/mine"), "2");
    EXPECT_EQ(find(router, "POST", "/mine"), "3");
    EXPECT_EQ(find(router, "GET", "//mine/"), "2");
}

TEST(Router, FillsParameters) {
    const Router router = table();
    EXPECT_EQ(find(router, "GET", "/blocks/7"), "4 7");
    EXPECT_EQ(find(router, "GET", "/blocks/a%2Fb"), "4 a/b");
    EXPECT_EQ(find(router, "GET", "/transactions/abc/proof"), "6 abc");
}

TEST(Router, LiteralGoesBeforeParameter) {
    const Router router = table();
    EXPECT_EQ(find(router, "POST", "/transactions/new"), "7");
    EXPECT_EQ(find(router, "GET", "/transactions/new"), "405 POST, OPTIONS");
    EXPECT_EQ(find(router, "GET", "/users/me"), "9");
    EXPECT_EQ(find(router, "DELETE", "/users/ann"), "8 ann");
}

TEST(Router, UnknownPathIs404) {
    const Router router = table();
    for (const char* path : {"/nothing", "/chain/1", "/blocks", "/blocks/1/2", "/Chain", "/..",
                             "/chain/..", "/transactions/a/b"})
        EXPECT_EQ(find(router, "GET", path), "404") << path;
}

TEST(Router, OtherMethodIs405WithAllow) {
    const Router router = table();
    EXPECT_EQ(find(router, "POST", "/chain"), "405 GET, HEAD, OPTIONS");
    EXPECT_EQ(find(router, "DELETE", "/mine"), "405 GET, POST, OPTIONS");
    EXPECT_EQ(find(router, "BREW", "/chain"), "405 GET, HEAD, OPTIONS");
}

TEST(Router, HeadIsServedWhereGetOnlyReads) {
    const Router router = table();
    EXPECT_EQ(find(router, "HEAD", "/chain"), "1");
    EXPECT_EQ(find(router, "HEAD", "/mine"), "405 GET, POST, OPTIONS");
    EXPECT_EQ(find(router, "HEAD", "/transactions/new"), "405 POST, OPTIONS");
}

TEST(Router, OptionsIsServedByEveryPath) {
    const Router router = table();
    const auto head = parse_head("OPTIONS /mine HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(router.find(*head)->allow, "GET, POST, OPTIONS");
    EXPECT_EQ(find(router, "OPTIONS", "/nothing"), "404");
}

}  // namespace
}  // namespace cairn::http
