#include "wallet/password.hpp"

#include <gtest/gtest.h>
#include <sodium.h>

#include "wallet/testing/vectors.hpp"

namespace cairn {
namespace {

using testing::kCheap;
using testing::read_json_vectors;
using testing::text;

Argon2Cost cost_in(const boost::json::value& row) {
    return {static_cast<std::uint32_t>(row.at("memory_kib").as_int64()),
            static_cast<std::uint32_t>(row.at("iterations").as_int64())};
}

TEST(Argon2, CrossCheckVectors) {
    const auto vectors = read_json_vectors("argon2id/cross-check.json");
    std::size_t raw = 0;
    std::size_t verified = 0;
    for (const auto& row : vectors.at("cases").as_array()) {
        const auto password = text(row.at("password_utf8"));
        const auto encoded = text(row.at("encoded"));
        SCOPED_TRACE(encoded);
        EXPECT_EQ(cost_of(encoded), cost_in(row));
        EXPECT_TRUE(verify_password(encoded, SecretText{password}));
        EXPECT_FALSE(verify_password(encoded, SecretText{password + "x"}));
        ++verified;
        if (row.at("parallelism").as_int64() != 1)
            continue;  // libsodium derives with one lane only
        Argon2Salt salt;
        const auto salt_text = text(row.at("salt_utf8"));
        ASSERT_EQ(salt_text.size(), salt.size());
        std::copy(salt_text.begin(), salt_text.end(), salt.begin());
        Bytes out(static_cast<std::size_t>(row.at("hash_len").as_int64()));
        ASSERT_TRUE(argon2id(out, SecretText{password}, salt, cost_in(row)));
        EXPECT_EQ(to_hex(out), text(row.at("hash_hex")));
        ++raw;
    }
    EXPECT_EQ(verified, 21U);
    EXPECT_EQ(raw, 18U);
}

TEST(SipHash, WycheproofVectors) {
    const auto vectors = read_json_vectors("siphash/siphash_2_4_test.json");
    std::size_t checked = 0;
    for (const auto& group : vectors.at("testGroups").as_array())
        for (const auto& row : group.at("tests").as_array()) {
            const auto key = testing::hex(row.at("key"));
            const auto message = testing::hex(row.at("msg"));
            ASSERT_EQ(key.size(), crypto_shorthash_KEYBYTES);
            Bytes out(crypto_shorthash_BYTES);
            crypto_shorthash(out.data(), message.data(), message.size(), key.data());
            EXPECT_EQ(to_hex(out) == text(row.at("tag")), text(row.at("result")) == "valid")
                << row.at("tcId");
            ++checked;
        }
    EXPECT_EQ(checked, 40U);
}

TEST(Argon2, CostIsBoundedOnBothSides) {
    EXPECT_TRUE(is_possible({8, 1}));
    EXPECT_FALSE(is_possible({7, 1}));
    EXPECT_FALSE(is_possible({8, 0}));
    EXPECT_TRUE(is_possible(kArgon2CostMax));
    EXPECT_FALSE(is_possible({kArgon2CostMax.memory_kib + 1, 1}));
    EXPECT_FALSE(is_possible({8, kArgon2CostMax.passes + 1}));
    EXPECT_GE(kArgon2Cost.memory_kib, 19456U);
    EXPECT_GE(kArgon2Cost.passes, 2U);
}

TEST(Password, HashVerifiesItsPasswordOnly) {
    const SecretText password{"correct horse"};
    const auto phc = hash_password(password, kCheap);
    ASSERT_TRUE(phc);
    EXPECT_TRUE(phc->starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
    EXPECT_TRUE(verify_password(*phc, password));
    EXPECT_FALSE(verify_password(*phc, SecretText{"correct horsf"}));
    EXPECT_FALSE(verify_password(*phc, SecretText{"correct horse "}));
    EXPECT_FALSE(verify_password(*phc, SecretText{""}));
}

TEST(Password, EveryHashHasASaltOfItsOwn) {
    const SecretText password{"correct horse"};
    EXPECT_NE(hash_password(password, kCheap), hash_password(password, kCheap));
}

TEST(Password, ByteZeroAndUtf8Count) {
    const SecretText with_zero{std::string_view{"abc\0defgh", 9}};
    const auto phc = hash_password(with_zero, kCheap);
    EXPECT_TRUE(verify_password(*phc, with_zero));
    EXPECT_FALSE(verify_password(*phc, SecretText{"abc"}));
}

TEST(Password, MalformedHashesVerifyNothing) {
    const SecretText password{"correct horse"};
    const auto phc = hash_password(password, kCheap).value();
    EXPECT_FALSE(verify_password("", password));
    EXPECT_FALSE(verify_password("$argon2i$" + phc.substr(10), password));
    EXPECT_FALSE(verify_password("$argon2id$v=16$m=8,t=1,p=1$" + phc.substr(27), password));
    for (std::size_t size = 0; size < phc.size(); ++size)
        EXPECT_FALSE(verify_password(phc.substr(0, size), password)) << size;
    EXPECT_FALSE(verify_password(phc + std::string(200, 'A'), password));
}

TEST(Password, AHashThatWouldExhaustTheMachineIsRefusedUntried) {
    EXPECT_TRUE(cost_of("$argon2id$v=19$m=262144,t=16,p=4$c2FsdA$aGFzaA"));
    EXPECT_FALSE(cost_of("$argon2id$v=19$m=262145,t=1,p=1$c2FsdA$aGFzaA"));
    EXPECT_FALSE(cost_of("$argon2id$v=19$m=262144,t=17,p=1$c2FsdA$aGFzaA"));
    EXPECT_FALSE(cost_of("$argon2id$v=19$m=4294967296,t=1,p=1$c2FsdA$aGFzaA"));
    EXPECT_FALSE(cost_of("$argon2id$v=19$m=1024,t=1,p=17$c2FsdA$aGFzaA"));
    EXPECT_FALSE(cost_of("$argon2id$v=19$m=1024,t=1,p=0$c2FsdA$aGFzaA"));
}

TEST(Password, RehashWhenMemoryOrPassesAreBelowTheWanted) {
    const auto phc = hash_password(SecretText{"correct horse"}, {16, 2}).value();
    EXPECT_FALSE(needs_rehash(phc, {16, 2}));
    EXPECT_FALSE(needs_rehash(phc, {8, 1}));
    EXPECT_TRUE(needs_rehash(phc, {17, 2}));
    EXPECT_TRUE(needs_rehash(phc, {16, 3}));
    EXPECT_TRUE(needs_rehash("$2b$12$abc", {8, 1}));
}

TEST(PasswordPolicy, EightCharactersOrMore) {
    EXPECT_EQ(flaw_of("kT4#mz9", "alice"), PasswordFlaw::too_short);
    EXPECT_FALSE(flaw_of("kT4#mz9x", "alice"));
    // Characters, not bytes: seven of two bytes each are seven.
    EXPECT_EQ(flaw_of("äöüßéèê", "alice"), PasswordFlaw::too_short);
    EXPECT_FALSE(flaw_of("äöüßéèêç", "alice"));
}

TEST(PasswordPolicy, UpTo1024Bytes) {
    const auto long_text = [](std::size_t size) {
        std::string result;
        for (std::size_t i = 0; i < size; ++i) result.push_back(static_cast<char>('a' + i % 7));
        return result;
    };
    EXPECT_FALSE(flaw_of(long_text(1024), "alice"));
    EXPECT_EQ(flaw_of(long_text(1025), "alice"), PasswordFlaw::too_long);
}

TEST(PasswordPolicy, RefusesTheGuessable) {
    for (const auto* guess : {"password", "PassWord", "12345678", "qwertyuiop", "aaaaaaaaaaaa",
                              "Operator1", "alice.smith", "ALICE.smith"})
        EXPECT_EQ(flaw_of(guess, "Alice.Smith"), PasswordFlaw::too_common) << guess;
    EXPECT_FALSE(flaw_of("alice.smith2", "Alice.Smith"));
}

}  // namespace
}  // namespace cairn
