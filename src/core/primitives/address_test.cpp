#include "core/primitives/address.hpp"

#include <gtest/gtest.h>

#include "core/crypto/bech32m.hpp"

namespace cairn {
namespace {

Address sample() {
    Address address;
    for (std::size_t i = 0; i < 32; ++i) address.bytes[i] = static_cast<std::uint8_t>(7 * i + 1);
    return address;
}

TEST(AddressText, ComesBackUnderItsOwnPrefixOnly) {
    const std::string text = format_address(sample(), "crn");
    EXPECT_EQ(text.substr(0, 4), "crn1");
    EXPECT_EQ(text.size(), 4U + 52 + 6);
    EXPECT_EQ(parse_address(text, "crn"), sample());
    EXPECT_FALSE(parse_address(text, "crnd"));
    EXPECT_FALSE(parse_address(text, "crm"));
    EXPECT_FALSE(parse_address(text, "cr"));
    EXPECT_FALSE(parse_address(format_address(sample(), "crnd"), "crn"));
}

TEST(AddressText, IsReadInOneCaseOrTheOther) {
    std::string text = format_address(sample(), "crn");
    std::string upper = text;
    for (char& c : upper)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    EXPECT_EQ(parse_address(upper, "crn"), sample());
    text[0] = 'C';
    EXPECT_FALSE(parse_address(text, "crn"));
}

TEST(AddressText, HasExactly32Bytes) {
    EXPECT_TRUE(parse_address(bech32m_encode("crn", to_five_bits(Bytes(32))), "crn"));
    EXPECT_FALSE(parse_address(bech32m_encode("crn", to_five_bits(Bytes(31))), "crn"));
    EXPECT_FALSE(parse_address(bech32m_encode("crn", to_five_bits(Bytes(33))), "crn"));
}

TEST(AddressText, HasZeroPadding) {
    Bytes values = to_five_bits(sample().bytes);
    values.back() |= 1;
    EXPECT_FALSE(parse_address(bech32m_encode("crn", values), "crn"));
}

TEST(AddressText, PrefixOf31CharactersFits) {
    const std::string longest(31, 'p');
    const std::string text = format_address(sample(), longest);
    EXPECT_EQ(text.size(), 90U);
    EXPECT_EQ(parse_address(text, longest), sample());
    EXPECT_EQ(format_address(sample(), std::string(32, 'p')), "");
}

TEST(AddressText, RefusesWhatIsNoAddress) {
    for (const auto* text : {"", "0", "1", "crn1", "crn", "alice"})
        EXPECT_FALSE(parse_address(text, "crn")) << text;
}

}  // namespace
}  // namespace cairn
