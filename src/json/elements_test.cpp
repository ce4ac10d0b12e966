#include "json/elements.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cairn::json {
namespace {

/// The elements that were handed over, as people are told of them; `most`: then no more.
std::string elements(std::string_view text, std::size_t most = 100, Limits limits = {}) {
    std::string out;
    std::size_t count = 0;
    const auto read = read_elements(
        text, "list",
        [&](const Value& value) {
            out += describe(value) + ";";
            return ++count < most;
        },
        limits);
    if (!read) return out + " error: " + read.error().reason;
    if (*read == Elements::none) return out + " none";
    return out + (*read == Elements::all ? " all" : " stopped");
}

TEST(JsonElements, AreHandedOverOneByOne) {
    EXPECT_EQ(elements(R"({"list":[1,"a",{"list":[5]},[2,3],null]})"),
              "the number 1;the string \"a\";an object;an array;null; all");
    EXPECT_EQ(elements(R"({"list":[]})"), " all");
    EXPECT_EQ(elements(R"({"other":[1],"list":[2],"more":{"list":[3]}})"), "the number 2; all");
}

TEST(JsonElements, AreNoneWithoutAnArrayOfThatName) {
    for (const char* text : {"{}", "[1]", R"([{"list":[1]}])", R"({"list":1})",
                             R"({"list":{"a":1}})", R"({"a":{"list":[1]}})", R"("list")"})
        EXPECT_EQ(elements(text), " none") << text;
}

TEST(JsonElements, EndWhenNoMoreAreWanted) {
    EXPECT_EQ(elements(R"({"list":[1,2,3,)", 2), "the number 1;the number 2; stopped");
}

TEST(JsonElements, ObeyTheRulesOfWholeDocuments) {
    EXPECT_EQ(elements(R"({"list":[1],"list":[2]})"),
              "the number 1;the number 2; error: the name \"list\" stands twice in one object");
    EXPECT_EQ(elements(R"({"list":[{"a":1,"a":2}]})"),
              " error: the name \"a\" stands twice in one object");
    EXPECT_EQ(elements(R"({"list":[1]} 2)"), "the number 1; error: something follows the value");
    EXPECT_EQ(elements(R"({"list":[1)"), "the number 1; error: it ends too early");
}

TEST(JsonElements, AreBoundedEachByItself) {
    EXPECT_EQ(elements(R"({"list":[[1,2],[3,4],[5,6]]})", 100, {.values = 3}),
              "an array;an array;an array; all");
    EXPECT_EQ(elements(R"({"list":[[1,2],[3,4,5]]})", 100, {.values = 3}),
              "an array; error: it holds too many values");
    EXPECT_EQ(elements(R"({"a":[1,2],"list":[]})", 100, {.values = 3}),
              " error: it holds too many values");
    EXPECT_EQ(elements(R"({"list":[{"a":1,"b":2},{"a":1,"b":2,"c":3}]})", 100, {.members = 2}),
              "an object; error: an object has more than 2 members");
    EXPECT_EQ(elements(R"({"list":[[[1]]]})", 100, {.depth = 4}), "an array; all");
    EXPECT_EQ(elements(R"({"list":[[[1]]]})", 100, {.depth = 3}),
              " error: it is nested too deeply");
}

TEST(JsonElements, AreNotCountedWithTheRest) {
    // The object, two arrays and three numbers.
    const std::string text = R"({"a":[1,2],"list":[[5,6],[7,8]],"b":3})";
    EXPECT_EQ(elements(text, 100, {.values = 6}), "an array;an array; all");
    EXPECT_EQ(elements(text, 100, {.values = 5}),
              "an array;an array; error: it holds too many values");
}

TEST(JsonElementReader, HandsOverElementsOfTheNamedArraysAndKeepsTheRest) {
    const std::string text =
        R"({"chain":[{"i":1,"t":[1,2]},{"i":2,"chain":[3]}],"length":2,"nodes":["a"],"x":{"chain":[7]}})";
    // Cut at every place: an answer comes in pieces.
    for (std::size_t piece_end = 0; piece_end <= text.size(); ++piece_end) {
        std::vector<std::uint64_t> seen;
        ElementReader reader{{}, {"chain"}, [&](std::string_view member, const Value& element) {
                                 EXPECT_EQ(member, "chain");
                                 seen.push_back(element["i"].whole_number());
                                 return true;
                             }};
        ASSERT_TRUE(reader.feed(text.substr(0, piece_end)));
        ASSERT_TRUE(reader.feed(text.substr(piece_end)));
        const auto rest = reader.finish();
        ASSERT_TRUE(rest);
        EXPECT_EQ(seen, (std::vector<std::uint64_t>{1, 2}));
        EXPECT_EQ((*rest)["length"].whole_number(), 2U);
        EXPECT_TRUE((*rest)["chain"].elements().empty());
        EXPECT_EQ((*rest)["nodes"].elements().size(), 1U);
        EXPECT_EQ((*rest)["x"]["chain"].elements().size(), 1U);
    }
}

TEST(JsonElementReader, TellsOfWhichArrayAnElementIs) {
    std::string seen;
    ElementReader reader{{}, {"a", "b"}, [&](std::string_view member, const Value& element) {
                             seen += std::string{member} + element.text() + " ";
                             return true;
                         }};
    ASSERT_TRUE(reader.feed(R"({"b":[1,"x",null],"c":[2],"a":[true]})"));
    ASSERT_TRUE(reader.finish());
    EXPECT_EQ(seen, "b1 bx b atrue ");
}

TEST(JsonElementReader, HandsOverNothingOfAnArrayThatIsNoMember) {
    for (const char* text :
         {R"([{"a":[1]}])", R"({"x":{"a":[1]}})", R"([[1]])", R"({"a":{"a":[1]}})"}) {
        ElementReader reader{{}, {"a"}, [](std::string_view, const Value&) {
                                 ADD_FAILURE();
                                 return true;
                             }};
        EXPECT_TRUE(reader.feed(text)) << text;
        EXPECT_TRUE(reader.finish()) << text;
    }
}

TEST(JsonElementReader, StopsWhenItsReaderHasEnough) {
    int seen = 0;
    ElementReader reader{{}, {"a"}, [&](std::string_view, const Value&) { return ++seen < 2; }};
    EXPECT_FALSE(reader.feed(R"({"a":[1,2,3]})"));
    EXPECT_TRUE(reader.stopped());
    EXPECT_EQ(seen, 2);
}

TEST(JsonElementReader, KnowsADocumentThatBreaksOff) {
    ElementReader reader{{}, {}, {}};
    ASSERT_TRUE(reader.feed(R"({"a":[1)"));
    const auto rest = reader.finish();
    ASSERT_FALSE(rest);
    EXPECT_EQ(rest.error().reason, "it ends too early");
    EXPECT_FALSE(reader.stopped());
}

}  // namespace
}  // namespace cairn::json
