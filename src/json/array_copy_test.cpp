#include "json/array_copy.hpp"

#include <gtest/gtest.h>

namespace cairn::json {
namespace {

struct Copied {
    std::string elements;
    std::string error;
    bool full = false;
};

Copied copy(std::string_view text, std::size_t step = 1'000'000, ArrayCopy::Limits limits = {}) {
    ArrayCopy copy{"values", limits};
    for (std::size_t at = 0; at < text.size(); at += step) {
        const auto more = copy.feed(text.substr(at, step));
        if (!more) return {"", more.error().reason};
        if (!*more) return {copy.take(), "", true};
    }
    if (const auto end = copy.finish(); !end) return {"", end.error().reason};
    return {copy.take(), ""};
}

TEST(ArrayCopy, KeepsTheElementsOfOneMemberAndNothingElse) {
    EXPECT_EQ(copy(R"({"values":[]})").elements, "");
    EXPECT_EQ(copy(R"({"values":[]})").error, "");
    EXPECT_EQ(copy(R"( {"a":[1,{"values":[2]}],"values":[3, {"values":[4]}],"b":"x"} )").elements,
              R"(3,{"values":[4]})");
    EXPECT_EQ(
        copy(R"({"values":[1,"a",true,false,null,-0.50e+3,{"x":{},"y":[]},[[],[1,2]]]})").elements,
        R"(1,"a",true,false,null,-0.50e+3,{"x":{},"y":[]},[[],[1,2]])");
}

TEST(ArrayCopy, WritesAnewWhatItRead) {
    EXPECT_EQ(copy("{\"values\": [ {\"a\" : \"\\u003c/script\\u003e\\u2028\" } , 1 ] }\n").elements,
              "{\"a\":\"</script>\\u2028\"},1");
}

TEST(ArrayCopy, IsTheSameInPiecesOfAnySize) {
    const std::string text =
        R"({"x":{"values":0},"values":[{"type":"block","value":"00\u00e9ff"},12345.678e-9,["a",[]]],"y":[1]})";
    const std::string whole = copy(text).elements;
    ASSERT_FALSE(whole.empty());
    for (std::size_t step = 1; step < text.size(); ++step)
        EXPECT_EQ(copy(text, step).elements, whole);
}

TEST(ArrayCopy, RefusesWhatIsNoSuchObject) {
    const std::vector<std::pair<std::string, std::string>> wrong = {
        {"", "early"},
        {"[]", "no object"},
        {"\"values\"", "no object"},
        {"7", "no object"},
        {"{}", "no array"},
        {R"({"value":[1]})", "no array"},
        {R"({"values":{}})", "no array"},
        {R"({"values":"[1]"})", "no array"},
        {R"({"values":null})", "no array"},
        {R"({"values":[1]}{)", "follows"},
        {R"({"values":[1])", "early"},
        {R"({"values":[1,]})", "syntax"},
        {R"({"values":[01]})", "syntax"},
        {R"({"values":[NaN]})", "syntax"},
        {R"({"values":[1],"values":[2]})", "stands twice"},
        {R"({"values":[{"a":1,"a":2}]})", "stands twice"},
        {"{\"values\":[\"\xff\"]}", ""},
        {R"({"values":["\ud800"]})", ""},
        {"<html>", ""},
    };
    for (const auto& [text, reason] : wrong) {
        for (const std::size_t step : {std::size_t{1}, std::size_t{1000}}) {
            const Copied copied = copy(text, step);
            EXPECT_FALSE(copied.error.empty()) << text;
            EXPECT_NE(copied.error.find(reason), std::string::npos) << text << ": " << copied.error;
        }
    }
}

TEST(ArrayCopy, GoesToADepthAndNoDeeper) {
    const auto nested = [](std::size_t depth) {
        return "{\"values\":" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    EXPECT_EQ(copy(nested(31)).error, "");
    EXPECT_NE(copy(nested(32)).error.find("deep"), std::string::npos);
    EXPECT_FALSE(copy("{\"values\":" + std::string(1'000'000, '[')).error.empty());
}

TEST(ArrayCopy, StopsWithWholeElementsWhenFull) {
    const std::string text = R"({"values":["aaaa","bbbb","cccc"]})";
    // "aaaa","bbbb","cccc" is 20 bytes.
    EXPECT_FALSE(copy(text, 1000, {.depth = 32, .bytes = 20}).full);
    const Copied cut = copy(text, 1000, {.depth = 32, .bytes = 19});
    EXPECT_TRUE(cut.full);
    EXPECT_EQ(cut.elements, R"("aaaa","bbbb")");
    EXPECT_TRUE(copy(R"({"x":")" + std::string(100, 'a'), 7, {.depth = 32, .bytes = 50}).full);
}

TEST(ArrayCopy, HoldsAThousandNamesOfAnObject) {
    const auto object = [](int names) {
        std::string text = "{\"values\":[{";
        for (int i = 0; i < names; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
        return text + "}]}";
    };
    EXPECT_EQ(copy(object(1024)).error, "");
    EXPECT_NE(copy(object(1025)).error.find("more than 1024 members"), std::string::npos);
}

TEST(ArrayCopy, BoundsTheNamesThatItHasToRemember) {
    std::string text = "{";
    for (int i = 0; i < 1000; ++i)
        text += (i == 0 ? "\"" : ",\"") + std::string(2000, 'a') + std::to_string(i) + "\":1";
    ArrayCopy long_names{"x", {.depth = 32, .bytes = 10'000'000}};
    const auto fed = long_names.feed(text);
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().reason, "the names of its objects are longer than 1 MiB together");
    EXPECT_LE(long_names.held(), 1'100'000U);
    // Those of objects that are closed again do not count.
    std::string many = "{\"x\":[1]";
    for (int i = 0; i < 1000; ++i)
        many += ",\"" + std::to_string(i) + "\":{\"" + std::string(2000, 'a') + "\":1}";
    ArrayCopy closed{"x", {.depth = 32, .bytes = 10'000}};
    EXPECT_TRUE(closed.feed(many + "}"));
    EXPECT_TRUE(closed.finish());
}

}  // namespace
}  // namespace cairn::json
