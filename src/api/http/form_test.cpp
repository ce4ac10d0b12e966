#include "api/http/form.hpp"

#include <gtest/gtest.h>

#include "json/fields.hpp"

namespace cairn::http {
namespace {

TEST(Form, DecodesNamesAndValues) {
    const auto form = parse_form("a=1&b+c=%C3%A9+x%2B&d&&e=&f=a=b");
    ASSERT_TRUE(form);
    EXPECT_EQ(*form->find("a")->string(), "1");
    EXPECT_EQ(*form->find("b c")->string(), "\xC3\xA9 x+");
    EXPECT_EQ(*form->find("d")->string(), "");
    EXPECT_EQ(*form->find("e")->string(), "");
    EXPECT_EQ(*form->find("f")->string(), "a=b");
    EXPECT_EQ(form->object()->size(), 5u);
    EXPECT_TRUE(parse_form("")->object()->empty());
}

TEST(Form, IsReadLikeAnObject) {
    const auto form = parse_form("n=7&amount=0.5");
    const auto fields = json::Fields::of(*form);
    EXPECT_EQ(fields->uint("n").value(), 7u);
    EXPECT_EQ(fields->coins("amount")->units(), 50'000'000u);
}

TEST(Form, RefusesBrokenEscapesAndText) {
    for (const char* bad :
         {"a=%", "a=%4", "a=%zz", "%g0=1", "a=%ff", "a=\xff", "a=%00", "a=1&a=2", "a=1&%61=2"})
        EXPECT_FALSE(parse_form(bad)) << bad;
}

TEST(Form, BoundsThePairs) {
    std::string text;
    for (int i = 0; i < 256; ++i) text += "n" + std::to_string(i) + "=&";
    EXPECT_TRUE(parse_form(text));
    EXPECT_FALSE(parse_form(text + "more="));
}

TEST(PercentDecode, LeavesPlusUnlessAsked) {
    EXPECT_EQ(percent_decode("a+b%20c", false), "a+b c");
    EXPECT_EQ(percent_decode("a+b%20c", true), "a b c");
}

}  // namespace
}  // namespace cairn::http
