#include "wallet/keystore.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include "wallet/testing/vectors.hpp"

namespace cairn {
namespace {

using testing::hex;
using testing::kCheap;
using testing::text;

constexpr auto kContext = std::string_view{"whose keystore it is"};

Keystore sealed(const Bytes& secret, std::string_view password, const Argon2Cost& cost = kCheap) {
    return seal_keystore(secret, SecretText{password}, as_bytes(kContext), cost).value();
}

bool opens(ByteView keystore, std::string_view password, std::string_view context = kContext) {
    return open_keystore(keystore, SecretText{password}, as_bytes(context)).has_value();
}

TEST(XChaCha20Poly1305, WycheproofVectors) {
    const auto vectors = testing::read_json_vectors("aead/xchacha20_poly1305_test.json");
    std::size_t checked = 0;
    for (const auto& group : vectors.at("testGroups").as_array())
        for (const auto& row : group.at("tests").as_array()) {
            ++checked;
            const bool valid = text(row.at("result")) == "valid";
            const auto nonce = hex(row.at("iv"));
            if (nonce.size() != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES) {
                EXPECT_FALSE(valid) << row.at("tcId");  // our nonce has a fixed size by its type
                continue;
            }
            const auto key = hex(row.at("key"));
            const auto data = hex(row.at("aad"));
            const auto message = hex(row.at("msg"));
            auto expected = hex(row.at("ct"));
            append(expected, hex(row.at("tag")));

            Bytes opened(message.size());
            const bool accepted =
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    opened.data(), nullptr, nullptr, expected.data(), expected.size(), data.data(),
                    data.size(), nonce.data(), key.data()) == 0;
            EXPECT_EQ(accepted, valid) << row.at("tcId");
            if (!valid) continue;
            EXPECT_EQ(opened, message);
            Bytes sealed_bytes(expected.size());
            crypto_aead_xchacha20poly1305_ietf_encrypt(sealed_bytes.data(), nullptr, message.data(),
                                                       message.size(), data.data(), data.size(),
                                                       nullptr, nonce.data(), key.data());
            EXPECT_EQ(sealed_bytes, expected) << row.at("tcId");
        }
    EXPECT_EQ(checked, 315U);
}

TEST(Keystore, GivesTheSecretForThePassword) {
    const Bytes secret(32, 0x5e);
    const auto keystore = sealed(secret, "a password");
    const auto opened = open_keystore(keystore, SecretText{"a password"}, as_bytes(kContext));
    ASSERT_TRUE(opened);
    EXPECT_EQ(to_hex(opened->view()), to_hex(secret));
}

TEST(Keystore, NothingInItRepeats) {
    const Bytes secret(32, 0x5e);
    const auto one = to_hex(sealed(secret, "a password"));
    const auto two = to_hex(sealed(secret, "a password"));
    constexpr std::size_t kFixed = 2 * 12;  // magic and cost
    EXPECT_EQ(one.substr(0, kFixed), two.substr(0, kFixed));
    for (const auto at : std::initializer_list<std::size_t>{12, 28, 52, 84})
        EXPECT_NE(one.substr(2 * at, 16), two.substr(2 * at, 16));
    EXPECT_EQ(one.find(to_hex(secret).substr(0, 16)), std::string::npos);
}

TEST(Keystore, HeaderSaysTheCost) {
    const auto keystore = sealed(Bytes(32, 1), "a password", {64, 3});
    EXPECT_EQ(to_hex(ByteView{keystore}.first(12)), "434b53314000000003000000");
    EXPECT_TRUE(opens(keystore, "a password"));
}

TEST(Keystore, OpensForNoOtherPasswordOrContext) {
    const auto keystore = sealed(Bytes(32, 1), "a password");
    EXPECT_TRUE(opens(keystore, "a password"));
    EXPECT_FALSE(opens(keystore, "a passwore"));
    EXPECT_FALSE(opens(keystore, ""));
    EXPECT_FALSE(opens(keystore, "a password", "whose keystore it was"));
    EXPECT_FALSE(opens(keystore, "a password", ""));
}

TEST(Keystore, EveryChangedBitIsTheOneError) {
    const auto keystore = sealed(Bytes(32, 1), "a password");
    for (std::size_t bit = 0; bit < keystore.size() * 8; ++bit) {
        // A cost of hundreds of MiB is tried as the header asks; the bounds have a test of their
        // own.
        if (bit / 8 == 6) continue;
        auto changed = keystore;
        changed[bit / 8] = static_cast<std::uint8_t>(changed[bit / 8] ^ (1U << (bit % 8)));
        EXPECT_FALSE(opens(changed, "a password")) << "bit " << bit;
    }
    auto changed = keystore;
    changed[6] ^= 1U;  // 64 MiB
    EXPECT_FALSE(opens(changed, "a password"));
}

TEST(Keystore, CutOrExtendedAnywhereIsTheOneError) {
    const auto keystore = sealed(Bytes(32, 1), "a password");
    for (std::size_t size = 0; size < keystore.size(); ++size)
        EXPECT_FALSE(opens(ByteView{keystore}.first(size), "a password")) << size;
    Bytes longer{keystore.begin(), keystore.end()};
    longer.push_back(0);
    EXPECT_FALSE(opens(longer, "a password"));
}

TEST(Keystore, AnImpossibleCostIsNotSealed) {
    EXPECT_FALSE(seal_keystore(Bytes(32, 1), SecretText{"a password"}, {}, {7, 1}));
    EXPECT_FALSE(seal_keystore(Bytes(32, 1), SecretText{"a password"}, {},
                               {kArgon2CostMax.memory_kib + 1, 1}));
}

}  // namespace
}  // namespace cairn
