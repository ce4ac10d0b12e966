#include "json/reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace cairn::json {
namespace {

std::string reason(std::string_view text, Limits limits = {}) {
    const auto value = parse(text, limits);
    return value ? "accepted" : value.error().reason;
}

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonReader, AgreesWithTheParsingSuite) {
    int accepted = 0;
    int refused = 0;
    int either = 0;
    int repeated = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator{CAIRN_SOURCE_DIR "/tests/vectors/json-parsing"}) {
        const std::string name = entry.path().filename().string();
        if (!name.ends_with(".json")) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string text{std::istreambuf_iterator<char>{file}, {}};
        const auto value = parse(text);
        if (name.starts_with("y_object_duplicated_key")) {
            EXPECT_FALSE(value) << name;
            ++repeated;
        } else if (name.starts_with("y_")) {
            EXPECT_TRUE(value) << name;
            ++accepted;
        } else if (name.starts_with("n_")) {
            EXPECT_FALSE(value) << name;
            ++refused;
        } else {
            ++either;
        }
    }
    EXPECT_EQ(accepted, 93);
    EXPECT_EQ(repeated, 2);
    EXPECT_EQ(refused, 188);
    EXPECT_EQ(either, 35);
}

TEST(JsonReader, KeepsTheTextOfANumber) {
    const auto value = parse(R"([1.50, -0, 1e3, 1E+400, 18446744073709551616, 0.1])");
    ASSERT_TRUE(value);
    const auto& items = *value->array();
    const char* texts[] = {"1.50", "-0", "1e3", "1E+400", "18446744073709551616", "0.1"};
    ASSERT_EQ(items.size(), std::size(texts));
    for (std::size_t i = 0; i < items.size(); ++i) EXPECT_EQ(items[i].number()->text, texts[i]);
}

TEST(JsonReader, KeepsTheOrderOfMembers) {
    const auto value = parse(R"({"b": 1, "a": {"x": [true, null]}, "c": "\u00e9\n"})");
    ASSERT_TRUE(value);
    const auto& members = *value->object();
    ASSERT_EQ(members.size(), 3u);
    EXPECT_EQ(members[0].name, "b");
    EXPECT_EQ(members[1].name, "a");
    EXPECT_TRUE((*value->find("a")->find("x")->array())[1].is_null());
    EXPECT_EQ(*value->find("c")->string(), "\xC3\xA9\n");
    EXPECT_EQ(value->find("d"), nullptr);
}

TEST(JsonReader, RefusesANameThatStandsTwiceInOneObject) {
    EXPECT_EQ(reason(R"({"a":1,"b":2,"a":1})"), "the name \"a\" stands twice in one object");
    EXPECT_EQ(reason(R"({"a":1,"\u0061":1})"), "the name \"a\" stands twice in one object");
    EXPECT_EQ(reason(R"({"a":{"a":1},"b":[{"a":1},{"a":2}]})"), "accepted");
}

TEST(JsonReader, StopsAtTheLimitOfDepth) {
    EXPECT_EQ(reason(nested(32)), "accepted");
    EXPECT_EQ(reason(nested(33)), "it is nested too deeply");
    EXPECT_EQ(reason(std::string(100'000, '[')), "it is nested too deeply");
}

TEST(JsonReader, StopsAtTheLimitOfValues) {
    EXPECT_EQ(reason("[1,2,3]", {.depth = 32, .values = 4}), "accepted");
    EXPECT_EQ(reason("[1,2,3]", {.depth = 32, .values = 3}), "it holds too many values");
    EXPECT_EQ(reason("[[],[]]", {.depth = 32, .values = 2}), "it holds too many values");
}

TEST(JsonReader, RefusesWhatIsNotOneDocument) {
    EXPECT_EQ(reason("{} "), "accepted");
    EXPECT_EQ(reason("{} x"), "something follows the value");
    EXPECT_EQ(reason("{}{}"), "something follows the value");
    EXPECT_EQ(reason(std::string_view{"{}\0", 3}), "something follows the value");
    EXPECT_EQ(reason(""), "it ends too early");
    EXPECT_EQ(reason("  "), "it ends too early");
    EXPECT_EQ(reason("[1"), "it ends too early");
    EXPECT_FALSE(parse("\xEF\xBB\xBF{}"));
    EXPECT_FALSE(parse("\"\xC0\x80\""));
    EXPECT_FALSE(parse("\"\xED\xA0\x80\""));
    EXPECT_FALSE(parse(R"("\ud800")"));
    EXPECT_FALSE(parse("// no\n1"));
}

TEST(JsonReader, SaysWhereItStopped) {
    const auto value = parse("[1, x]");
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error().offset, 4u);
}

TEST(JsonReader, BoundsTheMembersOfOneObject) {
    EXPECT_EQ(reason(R"([{"a":1,"b":2},{"a":1,"b":2}])", {.members = 2}), "accepted");
    EXPECT_EQ(reason(R"([{"a":1,"b":2,"c":3}])", {.members = 2}),
              "an object has more than 2 members");
}

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
}

}  // namespace
}  // namespace cairn::json
