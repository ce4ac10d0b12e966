#include "json/value.hpp"

#include <gtest/gtest.h>

#include "json/reader.hpp"

namespace cairn::json {
namespace {

Value read(std::string_view text) { return parse(text).value(); }

TEST(JsonValue, IsNullWhereThereIsNothing) {
    const Value value = read(R"({"a":{"b":[true,null]}})");
    EXPECT_TRUE(value["a"]["x"]["y"].is_null());
    EXPECT_EQ(value["a"]["b"].elements().size(), 2U);
    EXPECT_TRUE(value["a"]["b"].elements()[0].is_true());
    EXPECT_FALSE(value["a"]["b"].elements()[1].is_true());
    EXPECT_TRUE(value["a"].elements().empty());
    EXPECT_TRUE(value["a"].is_object());
    EXPECT_FALSE(value["a"].is_string());
    EXPECT_EQ(value["x"].text(), "");
}

TEST(JsonValue, IsTheTextThatWasWritten) {
    const Value value = read(R"([12.50,0.00000001,1e-8,"1.50",true,false,null,[1],{"a":1}])");
    const char* texts[] = {"12.50", "0.00000001", "1e-8", "1.50", "true", "false", "", "", ""};
    ASSERT_EQ(value.elements().size(), std::size(texts));
    for (std::size_t i = 0; i < std::size(texts); ++i)
        EXPECT_EQ(value.elements()[i].text(), texts[i]);
}

TEST(JsonValue, IsAWholeNumberOf64BitsOrZero) {
    EXPECT_EQ(read("33554432").whole_number(), 33554432U);
    EXPECT_EQ(read("18446744073709551615").whole_number(), UINT64_MAX);
    for (const char* none : {"18446744073709551616", "-1", "1.0", "1e3", "\"7\"", "null", "[7]"})
        EXPECT_EQ(read(none).whole_number(), 0U) << none;
}

TEST(JsonValue, IsDescribedInALine) {
    EXPECT_EQ(describe(read("null")), "null");
    EXPECT_EQ(describe(read("true")), "true");
    EXPECT_EQ(describe(read("[1]")), "an array");
    EXPECT_EQ(describe(read("{}")), "an object");
    EXPECT_EQ(describe(read("1.50")), "the number 1.50");
    EXPECT_EQ(describe(read(R"("a\n")")), R"(the string "a\n")");
    const std::string digits(64, '1');
    EXPECT_EQ(describe(Value{Number{digits}}), "the number " + digits);
    EXPECT_EQ(describe(Value{Number{digits + "1"}}), "the number " + digits + "...");
    const std::string letters(64, 'a');
    EXPECT_EQ(describe(Value{letters}), "the string \"" + letters + "\"");
    EXPECT_EQ(describe(Value{letters + "a"}), "the string \"" + letters + "\"...");
    EXPECT_EQ(describe(Value{std::string(63, 'a') + "\xC3\xA9"}),
              "the string \"" + std::string(63, 'a') + "\"...");
}

}  // namespace
}  // namespace cairn::json
