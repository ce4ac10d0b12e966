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

TEST(JsonReader, FindsARepeatedNameAmongFewAndMany) {
    for (const int members : {2, 15, 16, 17, 18, 100}) {
        for (const int twin : {0, members / 2}) {
            std::string text = "{";
            for (int i = 0; i < members - 1; ++i) text += "\"n" + std::to_string(i) + "\":1,";
            EXPECT_EQ(reason(text + "\"last\":1}"), "accepted") << members;
            EXPECT_EQ(reason(text + "\"n" + std::to_string(twin % (members - 1)) + "\":1}"),
                      "the name \"n" + std::to_string(twin % (members - 1)) +
                          "\" stands twice in one object")
                << members;
        }
    }
}

TEST(JsonReader, TellsALongRepeatedNameInShort) {
    const std::string name(1000, 'x');
    EXPECT_EQ(reason("{\"" + name + "\":1,\"" + name + "\":2}"),
              "the name \"" + std::string(80, 'x') + "\" stands twice in one object");
}

}  // namespace
}  // namespace cairn::json
