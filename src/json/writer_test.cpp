#include "json/writer.hpp"

#include <gtest/gtest.h>

#include <array>

namespace cairn::json {
namespace {

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

TEST(JsonWriter, QuotesNamesAndTextsAlike) {
    const auto written = [](Quoting quoting) {
        std::string out;
        Writer{out, quoting}.begin_object().key("\xC2\x9B").string("\xFF\n").end_object();
        return out;
    };
    EXPECT_EQ(written(Quoting::document), "{\"\xC2\x9B\":\"\xEF\xBF\xBD\\n\"}");
    EXPECT_EQ(written(Quoting::terminal), "{\"\\u009b\":\"\xEF\xBF\xBD\\n\"}");
    EXPECT_EQ(written(Quoting::as_typed), "{\"\xC2\x9B\":\"\xFF\\n\"}");
}

TEST(JsonWriter, TakesNumbersOfAnySize) {
    std::string out;
    Writer{out}.begin_array().number(0).number(UINT64_MAX).end_array();
    EXPECT_EQ(out, "[0,18446744073709551615]");
    append_hex(out, std::array<std::uint8_t, 3>{0x00, 0x7f, 0xff});
    EXPECT_TRUE(out.ends_with("]007fff"));
}

}  // namespace
}  // namespace cairn::json
