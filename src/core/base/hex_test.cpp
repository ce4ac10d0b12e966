#include "core/base/hex.hpp"

#include <gtest/gtest.h>

#include "core/primitives/digest.hpp"

namespace cairn {
namespace {

TEST(Hex, WritesLowerCaseInTheOrderOfTheBytes) {
    EXPECT_EQ(to_hex(Bytes{0x00, 0x0f, 0xa0, 0xff}), "000fa0ff");
    EXPECT_EQ(to_hex(Bytes{}), "");
}

TEST(Hex, ReadsBothCases) {
    EXPECT_EQ(from_hex("00aAFf"), (Bytes{0x00, 0xaa, 0xff}));
    EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Hex, EveryByteComesBack) {
    Bytes bytes;
    for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<std::uint8_t>(i));
    EXPECT_EQ(from_hex(to_hex(bytes)), bytes);
}

TEST(Hex, RefusesAnOddNumberOfDigits) { EXPECT_EQ(from_hex("abc"), std::nullopt); }

TEST(Hex, RefusesWhateverIsNoDigit) {
    const std::string_view digits = "0123456789abcdefABCDEF";
    for (int c = 0; c < 256; ++c) {
        const bool digit = c != 0 && digits.find(static_cast<char>(c)) != std::string_view::npos;
        const std::string high = {static_cast<char>(c), '0'};
        const std::string low = {'0', static_cast<char>(c)};
        EXPECT_EQ(from_hex(high).has_value(), digit) << c;
        EXPECT_EQ(from_hex(low).has_value(), digit) << c;
    }
}

TEST(Digest, IsShownReversedSoThatWorkIsSeenAsLeadingZeros) {
    Hash256 hash;
    hash.bytes[31] = 0;
    hash.bytes[0] = 0xab;
    const std::string text = hash.to_string();
    EXPECT_EQ(text, std::string(62, '0') + "ab");
    EXPECT_EQ(Hash256::from_string(text), hash);
}

TEST(Digest, IsReadFromExactly64Digits) {
    EXPECT_TRUE(Hash256::from_string(std::string(64, '0')));
    EXPECT_FALSE(Hash256::from_string(std::string(62, '0')));
    EXPECT_FALSE(Hash256::from_string(std::string(66, '0')));
    EXPECT_FALSE(Hash256::from_string(std::string(63, '0') + "g"));
}

}  // namespace
}  // namespace cairn
