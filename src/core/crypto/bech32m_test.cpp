#include "core/crypto/bech32m.hpp"

#include <gtest/gtest.h>

#include "core/primitives/address.hpp"
#include "core/vectors_test.hpp"

namespace cairn {
namespace {

/// In the vectors U+0080 to U+00FF stand for the raw byte of that value.
std::string raw_bytes(std::string_view utf8) {
    std::string raw;
    for (std::size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = static_cast<unsigned char>(utf8[i]);
        if (byte < 0x80) {
            raw.push_back(utf8[i]);
        } else {
            const auto next = static_cast<unsigned char>(utf8.at(++i));
            raw.push_back(static_cast<char>((byte & 0x03) << 6 | (next & 0x3f)));
        }
    }
    return raw;
}

std::vector<std::string> strings(std::string_view path, std::string_view list) {
    std::vector<std::string> found;
    const auto document = testing::read_json_vectors(path);
    for (const auto& item : document.at(list).as_array()) {
        const auto& text = item.is_object() ? item.at("string").as_string() : item.as_string();
        found.push_back(raw_bytes(std::string_view{text}));
    }
    return found;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

TEST(Bech32m, AcceptsTheStringsOfBip350AndWritesThemBack) {
    const auto valid = strings("bip350/bech32m.json", "valid_bech32m");
    ASSERT_EQ(valid.size(), 7U);
    for (const auto& text : valid) {
        const auto decoded = bech32m_decode(text);
        ASSERT_TRUE(decoded) << text;
        EXPECT_EQ(bech32m_encode(decoded->prefix, decoded->values), lower(text));
    }
}

TEST(Bech32m, RefusesTheInvalidStringsOfBip350) {
    const auto invalid = strings("bip350/bech32m.json", "invalid_bech32m");
    ASSERT_EQ(invalid.size(), 14U);
    for (const auto& text : invalid) EXPECT_FALSE(bech32m_decode(text)) << text;
}

TEST(Bech32m, RefusesEveryStringOfBip173) {
    const auto valid = strings("bip173/bech32.json", "valid_bech32");
    const auto invalid = strings("bip173/bech32.json", "invalid_bech32");
    ASSERT_EQ(valid.size() + invalid.size(), 19U);
    for (const auto& text : valid) EXPECT_FALSE(bech32m_decode(text)) << text;
    for (const auto& text : invalid) EXPECT_FALSE(bech32m_decode(text)) << text;
}

TEST(Bech32m, RefusesMixedCase) {
    EXPECT_TRUE(bech32m_decode("a1lqfn3a"));
    EXPECT_TRUE(bech32m_decode("A1LQFN3A"));
    EXPECT_FALSE(bech32m_decode("A1lqfn3a"));
    EXPECT_FALSE(bech32m_decode("a1lqfn3A"));
}

TEST(Bech32m, WritesAtMostNinetyCharactersOfPrintableLowerCase) {
    EXPECT_EQ(bech32m_encode("a", Bytes(82)).size(), 90U);
    EXPECT_EQ(bech32m_encode("a", Bytes(83)), "");
    EXPECT_EQ(bech32m_encode("", Bytes(1)), "");
    EXPECT_EQ(bech32m_encode("aB", Bytes(1)), "");
    EXPECT_EQ(bech32m_encode("a b", Bytes(1)), "");
    EXPECT_EQ(bech32m_encode("a\x7f", Bytes(1)), "");
    EXPECT_EQ(bech32m_encode("a\xc3\xa4", Bytes(1)), "");
    EXPECT_NE(bech32m_encode("a", Bytes{31}), "");
    EXPECT_EQ(bech32m_encode("a", Bytes{32}), "");
}

TEST(Bech32m, OneToFourSubstitutionsNeverPass) {
    constexpr std::uint64_t kSeed = 350;
    constexpr int kTries = 1'000'000;
    constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    std::mt19937_64 random{kSeed};
    Address address;
    for (auto& byte : address.bytes) byte = static_cast<std::uint8_t>(random());
    const std::string original = format_address(address, "crn");
    int accepted = 0;
    for (int i = 0; i < kTries; ++i) {
        std::string text = original;
        const std::uint64_t wanted = 1 + random() % 4;
        for (std::uint64_t changed = 0; changed < wanted;) {
            const std::size_t at = 4 + random() % (text.size() - 4);
            if (text[at] != original[at]) continue;
            const char other = kAlphabet[random() % kAlphabet.size()];
            if (other == text[at]) continue;
            text[at] = other;
            ++changed;
        }
        if (bech32m_decode(text)) ++accepted;
    }
    EXPECT_EQ(accepted, 0) << "seed " << kSeed;
}

TEST(FiveBits, ProgramsOfTheSegwitAddressesComeOutWhole) {
    const auto document = testing::read_json_vectors("bip350/bech32m.json");
    int checked = 0;
    for (const auto& item : document.at("valid_segwit_addresses").as_array()) {
        const auto decoded = bech32m_decode(std::string_view{item.at("string").as_string()});
        if (!decoded) continue;  // version 0 is plain bech32
        ++checked;
        const Bytes script = testing::unhex(std::string_view{item.at("scriptPubKey").as_string()});
        const Bytes program{script.begin() + 2, script.end()};
        const Bytes values{decoded->values.begin() + 1, decoded->values.end()};
        EXPECT_EQ(from_five_bits(values), program);
        EXPECT_EQ(to_five_bits(program), values);
    }
    EXPECT_EQ(checked, 5);
}

TEST(FiveBits, EveryLengthComesBack) {
    std::mt19937_64 random{5};
    for (std::size_t size = 0; size <= 64; ++size) {
        const Bytes bytes = testing::random_bytes(random, size);
        const Bytes values = to_five_bits(bytes);
        EXPECT_EQ(values.size(), (size * 8 + 4) / 5);
        EXPECT_EQ(from_five_bits(values), bytes);
    }
}

TEST(FiveBits, RefusesPaddingThatIsLongOrNotZero) {
    EXPECT_EQ(from_five_bits(Bytes{31, 28}), Bytes{0xff});
    EXPECT_FALSE(from_five_bits(Bytes{31, 29}));  // a padding bit is set
    EXPECT_FALSE(from_five_bits(Bytes{31, 30}));
    EXPECT_FALSE(from_five_bits(Bytes{31, 28, 0}));  // seven padding bits
    EXPECT_FALSE(from_five_bits(Bytes{0}));          // five of them
    EXPECT_FALSE(from_five_bits(Bytes{32, 0}));      // no group of five bits
}

}  // namespace
}  // namespace cairn
