#include "json/parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cairn::json {
namespace {

/// The events as a line of text.
class Events final : public Sink {
public:
    bool begin_object() override { return told("{"); }
    bool end_object() override { return told("}"); }
    bool begin_array() override { return told("["); }
    bool end_array() override { return told("]"); }
    bool name(std::string&& text) override { return told("name(" + text + ")"); }
    bool string(std::string&& text) override { return told("string(" + text + ")"); }
    bool number(std::string&& text) override { return told("number(" + text + ")"); }
    bool boolean(bool value) override { return told(value ? "true" : "false"); }
    bool null() override { return told("null"); }
    bool grows(std::size_t bytes) override {
        longest = std::max(longest, bytes);
        return bytes <= text_most || refuse("too long");
    }
    [[nodiscard]] const std::string& why() const override { return why_; }

    std::string line;
    std::size_t longest = 0;
    std::size_t text_most = SIZE_MAX;
    std::string stop_at;

private:
    bool told(const std::string& event) {
        line += event + " ";
        return event != stop_at || refuse("enough");
    }
    bool refuse(const char* why) {
        why_ = why;
        return false;
    }
    std::string why_;
};

std::string outcome(const Events& events, const Result<void, ParseError>& read) {
    return read ? events.line : "error: " + read.error().reason;
}

std::string whole(std::string_view text, std::size_t depth = 8) {
    Events events;
    const auto read = read_document(text, depth, events);
    return outcome(events, read);
}

std::string in_pieces(std::string_view text, std::size_t step, std::size_t depth = 8) {
    Events events;
    Parser parser{depth, events};
    for (std::size_t at = 0; at < text.size(); at += step)
        if (const auto fed = parser.feed(text.substr(at, step)); !fed) return outcome(events, fed);
    return outcome(events, parser.finish());
}

TEST(JsonParser, TellsEachThingOnceAndInOrder) {
    EXPECT_EQ(whole(R"( {"a":[1,-2.50e+3,"x"],"b":{},"c":[true,false,null]} )"),
              "{ name(a) [ number(1) number(-2.50e+3) string(x) ] name(b) { } name(c) "
              "[ true false null ] } ");
    EXPECT_EQ(whole("7"), "number(7) ");
    EXPECT_EQ(whole("\"\""), "string() ");
}

TEST(JsonParser, TellsTheTextOfEveryKindOfNumber) {
    for (const std::string number :
         {"0", "-0", "-1", "9223372036854775807", "-9223372036854775808", "18446744073709551615",
          "18446744073709551616", "0.10", "1e400", "1E-400", "123456789012345678901234567890.5"}) {
        EXPECT_EQ(whole(number), "number(" + number + ") ");
        EXPECT_EQ(in_pieces(number, 1), "number(" + number + ") ");
    }
    for (const char* none : {"01", "+1", "1.", ".5", "1e", "0x1", "NaN", "Infinity", "-"}) {
        EXPECT_TRUE(whole(none).starts_with("error: ")) << none;
        EXPECT_TRUE(in_pieces(none, 1).starts_with("error: ")) << none;
    }
}

TEST(JsonParser, TellsTextsWithoutTheirEscapes) {
    const std::string text = R"("\"\\\/\b\f\n\r\t\u0041\u00e9\u65e9\ud83e\ude99")";
    const std::string told = "string(\"\\/\b\f\n\r\tA\xC3\xA9\xE6\x97\xA9\xF0\x9F\xAA\x99) ";
    EXPECT_EQ(whole(text), told);
    EXPECT_EQ(whole(R"({"\u0061":"\u0000"})"), std::string("{ name(a) string(") + '\0' + ") } ");
    for (std::size_t step = 1; step < text.size(); ++step) EXPECT_EQ(in_pieces(text, step), told);
}

TEST(JsonParser, RefusesTextsThatAreNoUnicode) {
    const std::vector<std::string> none = {"\"\\ud800\"",
                                           "\"\\udc00\"",
                                           "\"\\ud800\\u0041\"",
                                           "\"\\udc00\\ud800\"",
                                           "\"\\u12\"",
                                           "\"\\x41\"",
                                           "\"\x80\"",
                                           "\"\xC0\xAF\"",
                                           "\"\xE0\x80\x80\"",
                                           "\"\xED\xA0\x80\"",
                                           "\"\xF4\x90\x80\x80\"",
                                           "\"\xF5\x80\x80\x80\"",
                                           "\"\xE2\x82\"",
                                           "\"a\nb\"",
                                           "\"\x1F\"",
                                           "\xEF\xBB\xBF{}",
                                           "{\"\xFF\":1}",
                                           "{\"\\ud800\":1}"};
    for (const auto& text : none) {
        EXPECT_TRUE(whole(text).starts_with("error: ")) << text;
        for (std::size_t step = 1; step < text.size(); ++step)
            EXPECT_TRUE(in_pieces(text, step).starts_with("error: ")) << text;
    }
    EXPECT_EQ(whole("\"\xED\x9F\xBF\xF4\x8F\xBF\xBF\x7F\""),
              "string(\xED\x9F\xBF\xF4\x8F\xBF\xBF\x7F) ");
}

TEST(JsonParser, GoesToADepthAndNoDeeper) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_FALSE(whole(nested(8)).starts_with("error: "));
    EXPECT_EQ(whole(nested(9)), "error: it is nested too deeply");
    EXPECT_FALSE(in_pieces(nested(8), 3).starts_with("error: "));
    EXPECT_EQ(in_pieces(nested(9), 3), "error: it is nested too deeply");
    EXPECT_EQ(whole(R"({"a":[{"a":[0]}]})", 4), "{ name(a) [ { name(a) [ number(0) ] } ] } ");
    EXPECT_EQ(whole(R"({"a":[{"a":[[]]}]})", 4), "error: it is nested too deeply");
}

TEST(JsonParser, SaysTheSameHoweverADocumentIsCut) {
    for (const std::string text :
         {R"({"name":"a long text","n":12345.678e-9,"l":[true,null,{"":[]}]})", "  [1,\n2]\t ",
          "1 ", "{} x", "{}{}", "1 2", "[1", "{\"a\"", "\"a", "tru", "", " ", "[1,]", "// no\n1"}) {
        const std::string told = whole(text);
        for (std::size_t step = 1; step <= text.size(); ++step)
            EXPECT_EQ(in_pieces(text, step), told) << text << " by " << step;
    }
}

TEST(JsonParser, TakesBlanksBehindADocumentAndNothingElse) {
    Events events;
    Parser parser{8, events};
    EXPECT_TRUE(parser.feed("{}"));
    EXPECT_TRUE(parser.feed(" \t\r\n"));
    EXPECT_TRUE(parser.feed(""));
    EXPECT_TRUE(parser.finish());
    EXPECT_TRUE(parser.finish());
    EXPECT_TRUE(parser.feed(" "));
    EXPECT_EQ(parser.offset(), 7U);
    const auto more = parser.feed("\n1");
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().offset, 8U);
    EXPECT_EQ(more.error().reason, "something follows the value");
}

TEST(JsonParser, EndsWhenItsSinkSaysSo) {
    Events events;
    events.stop_at = "number(2)";
    const auto read = read_document("[1,2,3]", 8, events);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().reason, "enough");
    EXPECT_EQ(events.line, "[ number(1) number(2) ");
    for (const std::string event : {"{", "}", "[", "]", "name(a)", "string(b)", "true", "null"}) {
        Events stopped;
        stopped.stop_at = event;
        EXPECT_FALSE(read_document(R"({"a":["b",true,null]})", 8, stopped)) << event;
        EXPECT_TRUE(stopped.line.ends_with(event + " ")) << stopped.line;
    }
}

TEST(JsonParser, TellsASinkHowLongATextGrowsBeforeItIsWhole) {
    Events events;
    events.text_most = 10;
    Parser parser{8, events};
    EXPECT_TRUE(parser.feed("[\"1234567890"));
    const auto fed = parser.feed("1");
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().reason, "too long");
    EXPECT_EQ(events.line, "[ ");
    EXPECT_EQ(events.longest, 11U);
}

TEST(JsonParser, SaysAtWhichByteItStopped) {
    Events events;
    const auto read = read_document("[1, x]", 8, events);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().offset, 4U);
    Parser parser{8, events};
    EXPECT_TRUE(parser.feed("[1,"));
    const auto fed = parser.feed(" x]");
    ASSERT_FALSE(fed);
    EXPECT_EQ(fed.error().offset, 4U);
}

}  // namespace
}  // namespace cairn::json
