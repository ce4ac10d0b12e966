#include "json/writer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "json/reader.hpp"
#include "json/utf8.hpp"

namespace cairn::json {
namespace {

std::string json_of(std::string_view text) {
    std::string out;
    append_string(out, text);
    return out;
}

TEST(JsonWriter, SetsTheCommas) {
    std::string out;
    Writer{out}
        .begin_object()
        .key("a")
        .begin_array()
        .number(1)
        .number(UINT64_MAX)
        .begin_object()
        .end_object()
        .end_array()
        .key("b")
        .null()
        .key("c")
        .boolean(true)
        .key("d")
        .hex(std::array<std::uint8_t, 2>{0x0f, 0xa0})
        .key("e")
        .raw("1.5")
        .key("f")
        .begin_object()
        .end_object()
        .end_object();
    EXPECT_EQ(out,
              R"({"a":[1,18446744073709551615,{}],"b":null,"c":true,"d":"0fa0","e":1.5,"f":{}})");
}

TEST(JsonWriter, EscapesWhatBreaksALineOrADocument) {
    EXPECT_EQ(json_of("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(json_of("\n\r\t\x1b\x01"), R"("\n\r\t\u001b\u0001")");
    EXPECT_EQ(json_of(std::string_view{"\0\x7f", 2}), R"("\u0000\u007f")");
    EXPECT_EQ(json_of("\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"), "\"\\u2028\\u2029\xE2\x80\xAA\"");
    EXPECT_EQ(json_of("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(json_of("a\xFFz"), "\"a\xEF\xBF\xBDz\"");
    EXPECT_EQ(json_of("\xC3"), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(json_of("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonWriter, IsReadBackByTheReader) {
    std::ifstream file{CAIRN_SOURCE_DIR "/tests/vectors/strings/blns.txt", std::ios::binary};
    std::string line;
    int lines = 0;
    while (std::getline(file, line)) {
        if (!is_utf8(line)) continue;
        const std::string document = json_of(line);
        EXPECT_EQ(document.find_first_of("\n\r\x1b"), std::string::npos);
        const auto value = parse(document);
        ASSERT_TRUE(value) << document;
        EXPECT_EQ(*value->string(), line);
        ++lines;
    }
    EXPECT_GT(lines, 500);
}

TEST(Utf8, TakesWellFormedCharactersOnly) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(
        is_utf8("a\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
    EXPECT_TRUE(is_utf8("\xED\x9F\xBF\xEE\x80\x80"));
    for (const char* bad :
         {"\x80", "\xC0\xAF", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xE2\x80", "\xED\xA0\x80",
          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"})
        EXPECT_FALSE(is_utf8(bad)) << json_of(bad);
}

}  // namespace
}  // namespace cairn::json
