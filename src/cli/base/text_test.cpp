#include "cli/base/text.hpp"

#include <gtest/gtest.h>

#include "cli/base/json.hpp"

namespace cairn::cli {
namespace {

TEST(Plain, LeavesWhatPeopleRead) {
    for (const auto* text :
         {"", "lunch", "Grüße, 早い, 🪙", "crn1e4sy9gt44rdrl", "\"quoted\""})
        EXPECT_EQ(plain(text), text);
}

TEST(Plain, EscapesWhatMovesACursorOrHides) {
    EXPECT_EQ(plain("\x1b[2J"), "\\u001b[2J");
    EXPECT_EQ(plain("a\r\nb\tc"), "a\\u000d\\u000ab\\u0009c");
    EXPECT_EQ(plain(std::string_view{"\0", 1}), "\\u0000");
    EXPECT_EQ(plain("\x7f"), "\\u007f");
    EXPECT_EQ(plain("\xc2\x9b"), "\\u009b");                 // CSI in one character
    EXPECT_EQ(plain("\xe2\x80\xa8"), "\\u2028");             // line separator
    EXPECT_EQ(plain("\xe2\x80\xae"), "\\u202e");             // right to left
    EXPECT_EQ(plain("\xe2\x81\xa6"), "\\u2066");             // isolate
    EXPECT_EQ(plain("\xe2\x80\x8b"), "\\u200b");             // no width
    EXPECT_EQ(plain("\xef\xbb\xbf"), "\\ufeff");             // byte order mark
    EXPECT_EQ(plain("\xf3\xa0\x81\x81"), "\\udb40\\udc41");  // tag
    EXPECT_EQ(plain("\xc2\xa0"), "\xc2\xa0");                // the first after C1 is a blank
}

TEST(Plain, EscapesBytesThatAreNoUtf8) {
    EXPECT_EQ(plain("\x9b"), "\\x9b");
    EXPECT_EQ(plain("a\xff"), "a\\xff");
    EXPECT_EQ(plain("\xc0\xaf"), "\\xc0\\xaf");           // overlong
    EXPECT_EQ(plain("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");  // overlong
    EXPECT_EQ(plain("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a surrogate
    EXPECT_EQ(plain("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
    EXPECT_EQ(plain("\xe2\x82"), "\\xe2\\x82");  // cut
}

TEST(Plain, CannotBeMistakenForAnotherText) { EXPECT_EQ(plain("\\u001b"), "\\\\u001b"); }

TEST(JsonEscaper, KeepsTheDocument) {
    const std::string text =
        "{\"memo\":\"a\xc2\x9b\x7f\xe2\x80\xae\\u001b\",\n\t\"b\":\"ü\xf3\xa0\x81\x81\"}";
    JsonEscaper escaper;
    const std::string shown = escaper.next(text) + escaper.end();
    EXPECT_EQ(shown, "{\"memo\":\"a\\u009b\\u007f\\u202e\\u001b\",\n\t\"b\":\"ü\\udb40\\udc41\"}");
    EXPECT_EQ((*parse_json(shown))["memo"].text(), (*parse_json(text))["memo"].text());
    EXPECT_EQ((*parse_json(shown))["b"].text(), (*parse_json(text))["b"].text());
}

TEST(JsonEscaper, SaysTheSameHoweverTheDocumentIsCut) {
    const std::string text = "[\"\xc2\x9b ü 早い 🪙 \xe2\x80\xae \x1b \xff\"]";
    JsonEscaper whole;
    const std::string expected = whole.next(text) + whole.end();
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        JsonEscaper escaper;
        std::string out = escaper.next(text.substr(0, cut));
        out += escaper.next(text.substr(cut));
        EXPECT_EQ(out + escaper.end(), expected) << cut;
    }
}

TEST(JsonEscaper, EndsACharacterThatNeverDid) {
    JsonEscaper escaper;
    EXPECT_EQ(escaper.next("\xe2\x80"), "");
    EXPECT_EQ(escaper.end(), "\\ufffd");
}

TEST(Width, CountsCodePoints) {
    EXPECT_EQ(width(""), 0U);
    EXPECT_EQ(width("abc"), 3U);
    EXPECT_EQ(width("äöü…"), 4U);
}

TEST(Shortened, KeepsBeginningAndEndOfWhatIsLong) {
    EXPECT_EQ(shortened("123456789012345678901234"), "123456789012345678901234");
    EXPECT_EQ(shortened("1234567890123456789012345"), "123456789012345…012345");
    EXPECT_EQ(shortened("ääääääääääääääääääääääääö"), "äääääääääääääää…äääääö");
}

TEST(TimeText, IsUtc) {
    EXPECT_EQ(time_text("0"), "1970-01-01 00:00:00");
    EXPECT_EQ(time_text("1795370569"), "2026-11-22 18:02:49");
    EXPECT_EQ(time_text("4294967295"), "2106-02-07 06:28:15");
}

TEST(TimeText, LeavesWhatIsNone) {
    for (const auto* text : {"", "x", "1x", "1.5", "99999999999999999999"})
        EXPECT_EQ(time_text(text), text);
    EXPECT_EQ(time_text("\x1b"), "\\u001b");
    EXPECT_EQ(time_text("9223372036854775807"), "9223372036854775807");
}

TEST(Counted, KnowsOne) {
    EXPECT_EQ(counted(0, "block"), "0 blocks");
    EXPECT_EQ(counted(1, "block"), "1 block");
    EXPECT_EQ(counted(2, "block"), "2 blocks");
}

}  // namespace
}  // namespace cairn::cli
