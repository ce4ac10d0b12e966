#include "wallet/bip39.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "wallet/bip32.hpp"
#include "wallet/bip39_words.hpp"
#include "wallet/testing/extended_key_text.hpp"
#include "wallet/testing/vectors.hpp"

namespace cairn {
namespace {

using testing::hex;
using testing::read_json_vectors;
using testing::text;

constexpr std::string_view kZeroWords =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

std::string joined(std::string_view words, std::string_view last) {
    std::string all{words};
    all.push_back(' ');
    return all.append(last);
}

/// NFKD, as far as BIP39's Japanese words need it: the blank, and hiragana with a sound mark.
std::string decompose_hiragana(std::string_view utf8) {
    const auto put = [](std::string& to, unsigned code) {
        to.push_back(static_cast<char>(0xE0U | (code >> 12)));
        to.push_back(static_cast<char>(0x80U | ((code >> 6) & 0x3FU)));
        to.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
    };
    std::string result;
    for (std::size_t i = 0; i + 2 < utf8.size(); i += 3) {
        const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(utf8[i + at]); };
        const unsigned code =
            ((byte(0) & 0x0FU) << 12) | ((byte(1) & 0x3FU) << 6) | (byte(2) & 0x3FU);
        const bool voiced_pairs = (code >= 0x304B && code <= 0x3062 && code % 2 == 0) ||
                                  code == 0x3065 || code == 0x3067 || code == 0x3069;
        const bool ha_row = code >= 0x306F && code <= 0x307D;
        const unsigned mark = ha_row ? (code - 0x306F) % 3 : (voiced_pairs ? 1 : 0);
        if (code == 0x3000) {
            result.push_back(' ');
        } else {
            put(result, code - mark);
            if (mark != 0) put(result, mark == 1 ? 0x3099 : 0x309A);
        }
    }
    return result;
}

void expect_master_key(const SecretBytes& seed, const std::string& xprv) {
    const auto master = ExtendedKey::from_seed(seed.view());
    const auto expected = testing::parse_extended_key(xprv);
    ASSERT_TRUE(master && expected);
    EXPECT_TRUE(std::ranges::equal(master->key().bytes(), ByteView{expected->key}.last(32)));
    EXPECT_EQ(master->chain_code(), expected->chain_code);
}

TEST(Bip39, WordTableIsTheStandards) {
    std::istringstream lines{testing::read_vectors("bip39/english.txt")};
    std::string line;
    std::size_t count = 0;
    for (; std::getline(lines, line); ++count) {
        ASSERT_LT(count, kBip39English.size());
        EXPECT_EQ(kBip39English[count], line);
        EXPECT_LE(line.size(), kBip39WordMax);
    }
    EXPECT_EQ(count, 2048U);
}

TEST(Bip39, EnglishVectors) {
    const auto vectors = read_json_vectors("bip39/vectors.json");
    const auto& rows = vectors.at("english").as_array();
    ASSERT_EQ(rows.size(), 24U);
    for (const auto& row : rows) {
        const auto entropy = hex(row.at(0));
        const auto words = words_of_entropy(entropy);
        ASSERT_TRUE(words);
        EXPECT_EQ(words->reveal(), text(row.at(1)));
        const auto back = entropy_of_words(text(row.at(1)));
        ASSERT_TRUE(back);
        EXPECT_EQ(to_hex(back->view()), to_hex(entropy));
        const auto seed = seed_of_words(words->reveal(), "TREZOR");
        ASSERT_TRUE(seed);
        EXPECT_EQ(to_hex(seed->view()), text(row.at(2)));
        expect_master_key(*seed, text(row.at(3)));
    }
}

TEST(Bip39, JapaneseVectorsSeedFromDecomposedWords) {
    const auto vectors = read_json_vectors("bip39/vectors.json");
    const auto& rows = vectors.at("japanese").as_array();
    ASSERT_EQ(rows.size(), 24U);
    for (const auto& row : rows) {
        const auto seed = seed_of_words(decompose_hiragana(text(row.at(1))), "TREZOR");
        ASSERT_TRUE(seed);
        EXPECT_EQ(to_hex(seed->view()), text(row.at(2)));
        expect_master_key(*seed, text(row.at(3)));
    }
}

TEST(Bip39, EntropyOf256BitsGives24Words) {
    const auto words = words_of_entropy(Bytes(32, 0xff));
    ASSERT_TRUE(words);
    EXPECT_EQ(std::count(words->reveal().begin(), words->reveal().end(), ' '), 23);
}

TEST(Bip39, RefusesEntropyOfAnotherSize) {
    for (std::size_t size = 0; size <= 64; ++size) {
        const bool valid = size >= 16 && size <= 32 && size % 4 == 0;
        EXPECT_EQ(words_of_entropy(Bytes(size, 1)).has_value(), valid) << size;
    }
}

TEST(Bip39, TakesAnyBlanksAndCase) {
    std::string words{
        "  Abandon ABANDON\tabandon\nabandon\r\nabandon abandon   abandon abandon "
        "abandon abandon abandon about \n"};
    const auto entropy = entropy_of_words(words);
    ASSERT_TRUE(entropy);
    EXPECT_EQ(to_hex(entropy->view()), to_hex(Bytes(16, 0)));
}

TEST(Bip39, RefusesAWrongChecksum) {
    // 4 bits of checksum: of the 2,048 last words, 128 are right.
    const auto head = kZeroWords.substr(0, kZeroWords.rfind(' '));
    std::size_t accepted = 0;
    for (const auto last : kBip39English) accepted += entropy_of_words(joined(head, last)) ? 1 : 0;
    EXPECT_EQ(accepted, 128U);
}

TEST(Bip39, RefusesUnknownWordsAndWrongCounts) {
    EXPECT_FALSE(entropy_of_words(""));
    EXPECT_FALSE(entropy_of_words("abandon"));
    EXPECT_FALSE(entropy_of_words(joined(kZeroWords, "abandon")));
    EXPECT_FALSE(entropy_of_words(kZeroWords.substr(0, kZeroWords.rfind(' '))));
    std::string misspelt{kZeroWords};
    misspelt.replace(misspelt.rfind("about"), 5, "abouts");
    EXPECT_FALSE(entropy_of_words(misspelt));
    misspelt.replace(misspelt.rfind("abouts"), 6, "aboutaboutabout");
    EXPECT_FALSE(entropy_of_words(misspelt));
    std::string many;
    for (int i = 0; i < 27; ++i) many += "abandon ";
    EXPECT_FALSE(entropy_of_words(many));
}

TEST(Bip39, RefusesAPassphraseThatWouldNeedNormalisation) {
    EXPECT_TRUE(seed_of_words(kZeroWords, "TREZOR~"));
    EXPECT_FALSE(seed_of_words(kZeroWords, "TR\xC3\x89ZOR"));
}

}  // namespace
}  // namespace cairn
