#include "wallet/bip32.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "wallet/bip39.hpp"
#include "wallet/random.hpp"
#include "wallet/testing/extended_key_text.hpp"
#include "wallet/testing/vectors.hpp"
#include "wallet/unlocked_key.hpp"

namespace cairn {
namespace {

SchnorrSigner signer() { return SchnorrSigner{random_bytes<32>()}; }

/// "m/0<sub>H</sub>/1" as indices.
std::vector<std::uint32_t> parse_path(const std::string& chain) {
    std::vector<std::uint32_t> path;
    std::istringstream parts{chain};
    std::string part;
    std::getline(parts, part, '/');  // m
    while (std::getline(parts, part, '/')) {
        if (part == "sub>") continue;  // the end of "<sub>H</sub>"
        auto index = static_cast<std::uint32_t>(std::stoul(part));
        if (part.find("<sub>H") != std::string::npos) index += kHardened;
        path.push_back(index);
    }
    return path;
}

struct Row {
    Bytes seed;
    std::string chain, xpub, xprv;
};

std::vector<Row> vectors_1_to_4() {
    std::istringstream lines{testing::read_vectors("bip32/test-vectors.mediawiki")};
    std::vector<Row> rows;
    Row row;
    for (std::string line; std::getline(lines, line);) {
        const auto after = [&](std::string_view prefix) -> std::optional<std::string> {
            if (!line.starts_with(prefix)) return std::nullopt;
            return line.substr(prefix.size());
        };
        if (const auto seed = after("Seed (hex): ")) row.seed = from_hex(*seed).value();
        if (const auto chain = after("* Chain ")) row.chain = *chain;
        if (const auto xpub = after("** ext pub: ")) row.xpub = *xpub;
        if (const auto xprv = after("** ext prv: ")) {
            row.xprv = *xprv;
            rows.push_back(row);
        }
    }
    return rows;
}

TEST(Bip32, Vectors1To4) {
    const auto rows = vectors_1_to_4();
    ASSERT_EQ(rows.size(), 17U);
    const auto derive = signer();
    for (const auto& row : rows) {
        SCOPED_TRACE(row.chain);
        const auto path = parse_path(row.chain);
        const auto master = ExtendedKey::from_seed(row.seed);
        ASSERT_TRUE(master);
        const auto key = master->descendant(path, derive);
        const auto xprv = testing::parse_extended_key(row.xprv);
        const auto xpub = testing::parse_extended_key(row.xpub);
        ASSERT_TRUE(key && xprv && xpub);
        EXPECT_TRUE(std::ranges::equal(key->key().bytes(), ByteView{xprv->key}.last(32)));
        EXPECT_EQ(key->chain_code(), xprv->chain_code);
        EXPECT_EQ(key->chain_code(), xpub->chain_code);
        EXPECT_EQ(derive.compressed_public_key(key->key()), xpub->key);
        EXPECT_EQ(xprv->depth, path.size());
        EXPECT_EQ(xprv->child_number, path.empty() ? 0 : path.back());
    }
}

TEST(Bip32, SeedHas16To64Bytes) {
    for (std::size_t size = 0; size <= 70; ++size)
        EXPECT_EQ(ExtendedKey::from_seed(Bytes(size, 1)).has_value(), size >= 16 && size <= 64)
            << size;
}

TEST(Bip32, HardenedAndNormalChildrenDiffer) {
    const auto master = ExtendedKey::from_seed(Bytes(32, 7));
    ASSERT_TRUE(master);
    const auto derive = signer();
    EXPECT_NE(master->child(0, derive)->key().bytes(),
              master->child(kHardened, derive)->key().bytes());
}

TEST(UnlockedKey, LiesAtTheAccountPath) {
    const Bytes entropy(32, 0x42);
    const auto key = key_of_entropy(entropy);
    const auto seed = seed_of_words(words_of_entropy(entropy)->reveal());
    const auto derive = signer();
    auto at = ExtendedKey::from_seed(seed->view());
    for (const auto index : {44 + kHardened, 1 + kHardened, kHardened, 0U, 0U})
        at = at->child(index, derive);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->bytes(), at->key().bytes());
}

TEST(UnlockedKey, SignsForItsAddress) {
    const auto key = UnlockedKey::make(key_of_entropy(Bytes(32, 0x42)).value());
    const auto signature = key->sign(as_bytes("a message"));
    EXPECT_TRUE(schnorr_verify(key->address(), as_bytes("a message"), signature));
    EXPECT_FALSE(schnorr_verify(key->address(), as_bytes("another"), signature));
    EXPECT_NE(key->sign(as_bytes("a message")), signature);  // fresh auxiliary randomness
}

}  // namespace
}  // namespace cairn
