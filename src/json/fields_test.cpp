#include "json/fields.hpp"

#include <gtest/gtest.h>

#include "json/reader.hpp"

namespace cairn::json {
namespace {

/// The verdict on field "n" of an object: "ok" or the error's sentence.
template <class Read>
std::string verdict(std::string_view document, Read read) {
    const auto value = parse(document);
    EXPECT_TRUE(value) << document;
    const auto fields = Fields::of(*value);
    if (!fields) return fields.error().to_string();
    const auto field = read(*fields);
    return field ? "ok" : field.error().to_string();
}

std::string uint_verdict(std::string_view document, std::uint64_t min = 0,
                         std::uint64_t max = UINT64_MAX) {
    return verdict(document, [&](const Fields& fields) { return fields.uint("n", min, max); });
}

TEST(Fields, AreOfAnObject) {
    EXPECT_EQ(uint_verdict("[1]"), "expected an object, found an array");
    EXPECT_EQ(uint_verdict("\"x\""), "expected an object, found the string \"x\"");
}

TEST(Fields, NullIsNoValueAndUnknownMembersDoNotMatter) {
    const auto value = parse(R"({"a":null,"other":1})");
    const auto fields = Fields::of(*value);
    EXPECT_FALSE(fields->has("a"));
    EXPECT_EQ(fields->optional_string("a").value(), std::nullopt);
    EXPECT_EQ(fields->string("a").error().to_string(), "a: expected a string, found nothing");
}

TEST(Fields, StringIsAString) {
    const auto value = parse(R"({"a":"x","b":5})");
    const auto fields = Fields::of(*value);
    EXPECT_EQ(fields->string("a").value(), "x");
    EXPECT_EQ(fields->string("b").error().to_string(), "b: expected a string, found the number 5");
}

TEST(Fields, WholeNumberHasDigitsOnly) {
    EXPECT_EQ(uint_verdict(R"({"n":0})"), "ok");
    EXPECT_EQ(uint_verdict(R"({"n":18446744073709551615})"), "ok");
    EXPECT_EQ(uint_verdict(R"({"n":"42"})"), "ok");
    EXPECT_EQ(uint_verdict(R"({"n":18446744073709551616})"),
              "n: expected a whole number, digits only, found the number 18446744073709551616");
    EXPECT_EQ(uint_verdict(R"({"n":1.0})"),
              "n: expected a whole number, digits only, without sign, point or exponent, found the "
              "number 1.0");
    for (const char* bad :
         {"1e3", "-0", "-1", "0.5", "\"1.0\"", "\"\"", "\" 1\"", "\"+1\"", "true", "[1]"})
        EXPECT_NE(uint_verdict("{\"n\":" + std::string{bad} + "}"), "ok") << bad;
}

TEST(Fields, WholeNumberLiesWithinItsBounds) {
    EXPECT_EQ(uint_verdict(R"({"n":1})", 1, 1000), "ok");
    EXPECT_EQ(uint_verdict(R"({"n":1000})", 1, 1000), "ok");
    EXPECT_EQ(uint_verdict(R"({"n":0})", 1, 1000),
              "n: expected a whole number from 1 to 1000, found the number 0");
    EXPECT_NE(uint_verdict(R"({"n":1001})", 1, 1000), "ok");
}

TEST(Fields, CoinsAreReadFromTheText) {
    const auto read = [](const char* text) {
        const auto value = parse("{\"n\":" + std::string{text} + "}");
        return Fields::of(*value)->coins("n");
    };
    EXPECT_EQ(read("0.1")->units(), 10'000'000u);
    EXPECT_EQ(read("\"0.30000000\"")->units(), 30'000'000u);
    EXPECT_EQ(read("33554432")->units(), Amount::kMaxUnits);
    for (const char* bad : {"33554432.00000001", "0.000000001", "-1", "1e400", "\"1,5\"", "\"NaN\"",
                            "\"\"", "true", "18446744073709551616"}) {
        const auto amount = read(bad);
        ASSERT_FALSE(amount) << bad;
        EXPECT_EQ(amount.error().field, "n");
        EXPECT_FALSE(amount.error().to_string().empty());
    }
    EXPECT_EQ(read("null").error().to_string(),
              "n: expected an amount of coins with at most 8 decimals, found nothing");
}

}  // namespace
}  // namespace cairn::json
