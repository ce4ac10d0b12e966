#include "json/quote.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "json/reader.hpp"
#include "json/refusals.hpp"
#include "json/utf8.hpp"

namespace cairn::json {
namespace {

std::string quoted(std::string_view text, Quoting quoting = Quoting::document) {
    std::string out;
    append_string(out, text, quoting);
    return out;
}

constexpr Quoting kAll[] = {Quoting::document, Quoting::terminal, Quoting::as_typed};

TEST(JsonQuote, EscapesWhatBreaksALineOrADocument) {
    for (const Quoting quoting : kAll) {
        EXPECT_EQ(quoted("", quoting), R"("")");
        EXPECT_EQ(quoted("a\"b\\c/", quoting), R"("a\"b\\c/")");
        EXPECT_EQ(quoted("\n\r\t\x1b\x01\x1f ", quoting), R"("\n\r\t\u001b\u0001\u001f ")");
        EXPECT_EQ(quoted(std::string_view{"\0~\x7f", 3}, quoting), R"("\u0000~\u007f")");
        EXPECT_EQ(quoted("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA", quoting),
                  "\"\xE2\x80\xA7\\u2028\\u2029\xE2\x80\xAA\"");
        EXPECT_EQ(quoted("\xC3\xA9\xF0\x9F\x98\x80", quoting), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
    }
}

TEST(JsonQuote, EscapesForATerminalWhatItWouldObey) {
    EXPECT_EQ(quoted("\xC2\x80\xC2\x9B\xC2\x9F\xC2\xA0", Quoting::terminal),
              "\"\\u0080\\u009b\\u009f\xC2\xA0\"");
    for (const Quoting quoting : {Quoting::document, Quoting::as_typed})
        EXPECT_EQ(quoted("\xC2\x80\xC2\x9F", quoting), "\"\xC2\x80\xC2\x9F\"");
}

TEST(JsonQuote, ReplacesWhatIsNotUtf8UnlessSomebodyTypedIt) {
    const std::pair<const char*, int> broken[] = {
        {"a\xFFz", 1}, {"a\xC3z", 1}, {"a\xED\xA0\x80z", 3}, {"a\xC0\xAFz", 2}, {"a\xE2\x82z", 2}};
    for (const auto& [text, bytes] : broken) {
        std::string replaced = "\"a";
        for (int i = 0; i < bytes; ++i) replaced += "\xEF\xBF\xBD";
        replaced += "z\"";
        EXPECT_EQ(quoted(text), replaced);
        EXPECT_EQ(quoted(text, Quoting::terminal), replaced);
        EXPECT_EQ(quoted(text, Quoting::as_typed), "\"" + std::string{text} + "\"");
    }
    EXPECT_EQ(quoted("\xC3"), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(quoted("\xC3\"", Quoting::as_typed), "\"\xC3\\\"\"");
}

TEST(JsonQuote, IsReadBackByTheReader) {
    std::ifstream file{CAIRN_SOURCE_DIR "/tests/vectors/strings/blns.txt", std::ios::binary};
    std::string line;
    int lines = 0;
    while (std::getline(file, line)) {
        if (!is_utf8(line)) continue;
        for (const Quoting quoting : kAll) {
            const std::string document = quoted(line, quoting);
            EXPECT_EQ(document.find_first_of("\n\r\x1b"), std::string::npos);
            const auto value = parse(document);
            ASSERT_TRUE(value) << document;
            EXPECT_EQ(*value->string(), line);
        }
        ++lines;
    }
    EXPECT_GT(lines, 500);
}

TEST(JsonQuote, IsReadBackCharacterByCharacter) {
    for (const std::string text :
         {"\b\f", "\x01", "\x7f", "\xC2\x85", "\xE2\x80\xA8", "\xEF\xBF\xBF"})
        for (const Quoting quoting : kAll) EXPECT_EQ(*parse(quoted(text, quoting))->string(), text);
}

TEST(JsonEscape, HasFourDigitsAndTwoOfThemBeyondThem) {
    const auto escape = [](char32_t character) {
        std::string out;
        append_escape(out, character);
        return out;
    };
    EXPECT_EQ(escape(0), "\\u0000");
    EXPECT_EQ(escape(0xFF), "\\u00ff");
    EXPECT_EQ(escape(0x100), "\\u0100");
    EXPECT_EQ(escape(0xFFFF), "\\uffff");
    EXPECT_EQ(escape(0x10000), "\\ud800\\udc00");
    EXPECT_EQ(escape(0x1F600), "\\ud83d\\ude00");
    EXPECT_EQ(escape(0x10FFFF), "\\udbff\\udfff");
}

TEST(JsonRefusals, TellANameOfAnyLengthInALine) {
    EXPECT_EQ(stands_twice("a\n"), R"(the name "a\n" stands twice)");
    EXPECT_EQ(stands_twice(std::string(80, 'x')),
              "the name \"" + std::string(80, 'x') + "\" stands twice");
    EXPECT_EQ(stands_twice(std::string(81, 'x')), stands_twice(std::string(80, 'x')));
    // Never in the midst of a character.
    EXPECT_EQ(stands_twice(std::string(79, 'x') + "\xC3\xA9"), stands_twice(std::string(79, 'x')));
}

}  // namespace
}  // namespace cairn::json
