#include "cli/json/reader.hpp"

#include <gtest/gtest.h>

namespace cairn::cli {
namespace {

TEST(Json, KeepsANumberAsItWasWritten) {
    const auto read = parse_json(R"({"a":12.50,"b":0.00000001,"c":1e-8,"d":33554432,"e":"1.50"})");
    ASSERT_TRUE(read);
    EXPECT_EQ((*read)["a"].text(), "12.50");
    EXPECT_EQ((*read)["b"].text(), "0.00000001");
    EXPECT_EQ((*read)["c"].text(), "1e-8");
    EXPECT_EQ((*read)["d"].number(), 33554432U);
    EXPECT_EQ((*read)["e"].text(), "1.50");
    EXPECT_EQ((*read)["a"].number(), 0U);
}

TEST(Json, IsNullWhereThereIsNothing) {
    const auto read = parse_json(R"({"a":{"b":[true,null]}})");
    ASSERT_TRUE(read);
    EXPECT_TRUE((*read)["a"]["x"]["y"].is_null());
    EXPECT_EQ((*read)["a"]["b"].elements().size(), 2U);
    EXPECT_TRUE((*read)["a"]["b"].elements()[0].is_true());
    EXPECT_TRUE((*read)["a"].elements().empty());
    EXPECT_EQ((*read)["x"].shown(), "");
}

TEST(Json, IsShownSafely) {
    EXPECT_EQ((*parse_json(R"(["\u001b"])")).elements()[0].shown(), "\\u001b");
}

TEST(Json, RefusesWhatIsNone) {
    for (const auto* text : {"", " ", "{", "[1,]", "nul", "{\"a\":1}x", "<html>", "\"\xff\""})
        EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']')));
    EXPECT_FALSE(parse_json(std::string(65, '[') + std::string(65, ']')));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(JsonReader, HandsOverElementsOfTheNamedArraysAndKeepsTheRest) {
    const std::string text =
        R"({"chain":[{"i":1,"t":[1,2]},{"i":2,"chain":[3]}],"length":2,"nodes":["a"],"x":{"chain":[7]}})";
    // Cut at every place: an answer comes in pieces.
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        std::vector<std::uint64_t> seen;
        JsonReader reader{{"chain"}, [&](std::string_view member, const Json& element) {
                              EXPECT_EQ(member, "chain");
                              seen.push_back(element["i"].number());
                              return true;
                          }};
        ASSERT_TRUE(reader.feed(text.substr(0, cut)));
        ASSERT_TRUE(reader.feed(text.substr(cut)));
        const auto rest = reader.end();
        ASSERT_TRUE(rest);
        EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
        EXPECT_EQ((*rest)["length"].number(), 2U);
        EXPECT_TRUE((*rest)["chain"].elements().empty());
        EXPECT_EQ((*rest)["nodes"].elements().size(), 1U);
        EXPECT_EQ((*rest)["x"]["chain"].elements().size(), 1U);
    }
}

TEST(JsonReader, StopsWhenItsReaderHasEnough) {
    int seen = 0;
    JsonReader reader{{"a"}, [&](std::string_view, const Json&) { return ++seen < 2; }};
    EXPECT_FALSE(reader.feed(R"({"a":[1,2,3]})"));
    EXPECT_TRUE(reader.stopped());
    EXPECT_EQ(seen, 2);
}

TEST(JsonReader, KnowsAnAnswerThatBreaksOff) {
    JsonReader reader;
    ASSERT_TRUE(reader.feed(R"({"a":[1)"));
    EXPECT_FALSE(reader.end());
    EXPECT_FALSE(reader.stopped());
}

TEST(JsonQuoted, IsReadBackAsItWas) {
    for (const std::string text : {"", "a\"b\\c", "\n\x1b\t", "ü早"})
        EXPECT_EQ(parse_json(json_quoted(text))->text(), text);
    EXPECT_EQ(json_object({{"a", "1"}, {"b", json_quoted("x")}}), R"({"a":1,"b":"x"})");
    EXPECT_EQ(json_object({}), "{}");
}

}  // namespace
}  // namespace cairn::cli
