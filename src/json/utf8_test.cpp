#include "json/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cairn::json {
namespace {

TEST(Utf8, TakesWellFormedCharactersOnly) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(
        is_utf8("a\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"));
    EXPECT_TRUE(is_utf8("\xED\x9F\xBF\xEE\x80\x80"));
    for (const char* bad :
         {"\x80", "\xBF", "\xC0\xAF", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xE2\x80",
          "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE",
          "\xFF", "\xC2\x41", "\xE2\x82\x41", "\xF0\x90\x80\x41"}) {
        EXPECT_FALSE(is_utf8(bad)) << ::testing::PrintToString(bad);
        EXPECT_FALSE(is_utf8(std::string{"ab"} + bad)) << ::testing::PrintToString(bad);
    }
}

/// By the table of code points, not by that of bytes.
std::string encoded(char32_t value) {
    const auto byte = [](char32_t bits) { return static_cast<char>(bits); };
    if (value < 0x80) return {byte(value)};
    if (value < 0x800) return {byte(0xC0 | value >> 6), byte(0x80 | (value & 0x3F))};
    if (value < 0x10000)
        return {byte(0xE0 | value >> 12), byte(0x80 | (value >> 6 & 0x3F)),
                byte(0x80 | (value & 0x3F))};
    return {byte(0xF0 | value >> 18), byte(0x80 | (value >> 12 & 0x3F)),
            byte(0x80 | (value >> 6 & 0x3F)), byte(0x80 | (value & 0x3F))};
}

TEST(Utf8, KnowsEveryCodePoint) {
    std::size_t wrong = 0;
    for (char32_t value = 0; value < 0x110000; ++value) {
        const std::string text = encoded(value);
        const auto first = first_character(text);
        const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
        const bool right = surrogate ? first.length == 0 && !first.cut
                                     : first.length == text.size() && first.value == value;
        if (!right) ++wrong;
    }
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(first_character(encoded(0x110000)).length, 0U);
}

TEST(Utf8, KnowsACharacterWhoseRestIsMissing) {
    for (const std::string whole : {"\xC3\xA9", "\xE6\x97\xA9", "\xF0\x9F\xAA\x99"}) {
        for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
            const auto first = first_character(std::string_view{whole}.substr(0, bytes));
            EXPECT_EQ(first.length, 0U);
            EXPECT_TRUE(first.cut);
        }
        EXPECT_FALSE(first_character(whole).cut);
    }
    for (const char* hopeless : {"", "\x80", "\xC1", "\xE0\x80", "\xED\xA0", "\xF4\x90", "\xF5"})
        EXPECT_FALSE(first_character(hopeless).cut);
}

TEST(Utf8, CutsBetweenCharacters) {
    EXPECT_EQ(cut("abc", 3), "abc");
    EXPECT_EQ(cut("abc", 2), "ab");
    EXPECT_EQ(cut("abc", 0), "");
    EXPECT_EQ(cut("a\xE6\x97\xA9z", 3), "a");
    EXPECT_EQ(cut("a\xE6\x97\xA9z", 4), "a\xE6\x97\xA9");
    EXPECT_EQ(cut("\x80\x80\x80", 2), "");
}

TEST(Utf8, CountsCharacters) {
    EXPECT_EQ(count_characters(""), 0U);
    EXPECT_EQ(count_characters("abc"), 3U);
    EXPECT_EQ(count_characters("a\xC3\xA9\xE6\x97\xA9\xF0\x9F\xAA\x99"), 4U);
}

}  // namespace
}  // namespace cairn::json
