#include "core/crypto/schnorr.hpp"

#include <gtest/gtest.h>

#include "core/crypto/sha256.hpp"
#include "core/vectors_test.hpp"

namespace cairn {
namespace {

using testing::unhex;
using testing::unhex_array;

constexpr std::string_view kOrder =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr std::string_view kBelowOrder =
    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140";

struct Row {
    std::string index, secret, key, aux, message, signature;
    bool valid = false;
};

std::vector<Row> bip340_rows() {
    std::vector<Row> rows;
    const auto lines = testing::lines_of(testing::read_vectors("bip340/test-vectors.csv"));
    for (std::size_t i = 1; i < lines.size(); ++i) {
        const auto fields = testing::fields_of(lines[i]);
        rows.push_back({fields.at(0), fields.at(1), fields.at(2), fields.at(3), fields.at(4),
                        fields.at(5), fields.at(6) == "TRUE"});
    }
    return rows;
}

SchnorrSigner signer() { return SchnorrSigner{{1, 2, 3}}; }
SecretKey key_of(std::uint8_t low) {
    Bytes bytes(32);
    bytes.back() = low;
    return std::move(*SecretKey::from_bytes(bytes));
}

TEST(Schnorr, VerdictsAreThoseOfBip340) {
    const auto rows = bip340_rows();
    ASSERT_EQ(rows.size(), 19U);
    for (const auto& row : rows) {
        const Address key{unhex_array<32>(row.key)};
        const Signature signature{unhex_array<64>(row.signature)};
        EXPECT_EQ(schnorr_verify(key, unhex(row.message), signature), row.valid)
            << "row " << row.index;
    }
}

TEST(Schnorr, SignaturesAreThoseOfBip340) {
    int signed_rows = 0;
    for (const auto& row : bip340_rows()) {
        if (row.secret.empty()) continue;
        ++signed_rows;
        const auto secret = SecretKey::from_bytes(unhex(row.secret));
        ASSERT_TRUE(secret) << "row " << row.index;
        EXPECT_EQ(signer().public_key(*secret).bytes, unhex_array<32>(row.key))
            << "row " << row.index;
        EXPECT_EQ(signer().sign(*secret, unhex(row.message), unhex_array<32>(row.aux)).bytes,
                  unhex_array<64>(row.signature))
            << "row " << row.index;
    }
    EXPECT_EQ(signed_rows, 8);
}

TEST(Schnorr, EveryFlippedBitIsRefused) {
    const SecretKey secret = key_of(7);
    const Bytes message = {1, 2, 3, 4};
    const Address key = signer().public_key(secret);
    const Signature signature = signer().sign(secret, message, {});
    ASSERT_TRUE(schnorr_verify(key, message, signature));
    const auto flipped = [](auto value, std::size_t bit) {
        value[bit / 8] = static_cast<std::uint8_t>(value[bit / 8] ^ 1U << bit % 8);
        return value;
    };
    for (std::size_t bit = 0; bit < 512; ++bit)
        EXPECT_FALSE(schnorr_verify(key, message, {flipped(signature.bytes, bit)})) << bit;
    for (std::size_t bit = 0; bit < 256; ++bit)
        EXPECT_FALSE(schnorr_verify({flipped(key.bytes, bit)}, message, signature)) << bit;
    for (std::size_t bit = 0; bit < 32; ++bit)
        EXPECT_FALSE(schnorr_verify(key, flipped(message, bit), signature)) << bit;
}

TEST(Schnorr, TheSeedOfASignerDoesNotShowInItsSignatures) {
    const SchnorrSigner other{{9, 9, 9}};
    EXPECT_EQ(signer().sign(key_of(5), as_bytes("text"), {}),
              other.sign(key_of(5), as_bytes("text"), {}));
}

TEST(SecretKey, IsBetweenOneAndTheGroupOrder) {
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(32)));
    EXPECT_TRUE(SecretKey::from_bytes(key_of(1).bytes()));
    EXPECT_TRUE(SecretKey::from_bytes(unhex(kBelowOrder)));
    EXPECT_FALSE(SecretKey::from_bytes(unhex(kOrder)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(32, 0xff)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(31, 1)));
    EXPECT_FALSE(SecretKey::from_bytes(Bytes(33, 1)));
}

TEST(SecretKey, HashIsTakenModuloTheGroupOrder) {
    const auto of = [](std::string_view hex) {
        return SecretKey::from_hash(Hash256{unhex_array<32>(hex)});
    };
    EXPECT_EQ(of(kBelowOrder)->bytes(), unhex_array<32>(kBelowOrder));
    EXPECT_FALSE(of(kOrder));
    EXPECT_EQ(of("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142")->bytes(),
              key_of(1).bytes());
    EXPECT_EQ(of(std::string(64, 'f'))->bytes(),
              unhex_array<32>("000000000000000000000000000000014551231950b75fc4402da1732fc9bebe"));
}

TEST(SecretKey, IsWipedWhereItWasMovedFrom) {
    SecretKey from = key_of(9);
    const SecretKey to = std::move(from);
    EXPECT_EQ(from.bytes(), (std::array<std::uint8_t, 32>{}));  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(to.bytes(), key_of(9).bytes());
    SecretKey other = key_of(8);
    other = to.clone();
    EXPECT_EQ(other.bytes(), to.bytes());
}

TEST(SecretKey, SurvivesBeingMovedToItself) {
    SecretKey key = *SecretKey::from_bytes(Bytes(32, 7));
    SecretKey& same = key;
    key = std::move(same);
    const ByteView left{reinterpret_cast<const std::uint8_t*>(&key), sizeof key};
    EXPECT_EQ(Bytes(left.begin(), left.end()), Bytes(32, 7));
}

TEST(SecretKey, IsWipedWhenItGoes) {
    alignas(SecretKey) std::array<std::uint8_t, sizeof(SecretKey)> memory{};
    auto* key = new (memory.data()) SecretKey{key_of(9)};
    EXPECT_EQ(memory.back(), 9);
    key->~SecretKey();
    EXPECT_EQ(memory, (std::array<std::uint8_t, sizeof(SecretKey)>{}));
}

TEST(SecretKey, AddsModuloTheGroupOrder) {
    const SecretKey below = std::move(*SecretKey::from_bytes(unhex(kBelowOrder)));
    EXPECT_EQ(signer().add(key_of(3), key_of(4).bytes())->bytes(), key_of(7).bytes());
    EXPECT_EQ(signer().add(below, key_of(3).bytes())->bytes(), key_of(2).bytes());
    EXPECT_FALSE(signer().add(below, key_of(1).bytes()));  // zero
    EXPECT_FALSE(signer().add(key_of(1), unhex(kOrder)));
    EXPECT_FALSE(signer().add(key_of(1), Bytes(31)));
    EXPECT_EQ(signer().add(key_of(1), Bytes(32))->bytes(), key_of(1).bytes());
}

TEST(SecretKey, CompressedPointIsTheXOnlyKeyBehindItsParity) {
    bool even = false;
    bool odd = false;
    for (std::uint8_t i = 1; i < 20; ++i) {
        const SecretKey key = key_of(i);
        const auto point = signer().compressed_public_key(key);
        const Address x_only = signer().public_key(key);
        EXPECT_TRUE(std::equal(x_only.bytes.begin(), x_only.bytes.end(), point.begin() + 1));
        even |= point[0] == 2;
        odd |= point[0] == 3;
    }
    EXPECT_TRUE(even);
    EXPECT_TRUE(odd);
}

}  // namespace
}  // namespace cairn
