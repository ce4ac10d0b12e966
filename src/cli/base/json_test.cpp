#include "cli/base/json.hpp"

#include <gtest/gtest.h>

namespace cairn::cli {
namespace {

TEST(Json, IsShownSafely) {
    EXPECT_EQ(shown((*parse_json(R"(["\u001b"])")).elements()[0]), "\\u001b");
    EXPECT_EQ(shown(parse_json("12.50").value()), "12.50");
    EXPECT_EQ(shown(Json{}), "");
}

TEST(Json, OfANodeIsBoundedInDepthAlone) {
    for (const auto* text : {"", " ", "{", "[1,]", "nul", "{\"a\":1}x", "<html>", "\"\xff\""})
        EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
    EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
    std::string many = "{";
    for (int i = 0; i < 20'000; ++i) many += "\"" + std::to_string(i) + "\":0,";
    EXPECT_EQ((*parse_json(many + "\"last\":7}"))["last"].whole_number(), 7U);
}

}  // namespace
}  // namespace cairn::cli
