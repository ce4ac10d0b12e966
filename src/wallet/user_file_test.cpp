#include "wallet/user_file.hpp"

#include <gtest/gtest.h>

#include "wallet/password.hpp"
#include "wallet/testing/vectors.hpp"

namespace cairn {
namespace {

User some_user() {
    User user{UserName::parse("Alice").value(),
              Role::member,
              hash_password(SecretText{"a password"}, testing::kCheap).value(),
              {},
              {}};
    user.keystore.fill(0xab);
    user.address.bytes.fill(0xcd);
    return user;
}

TEST(UserName, OneTo64OfTheAllowed) {
    EXPECT_TRUE(UserName::parse("a"));
    EXPECT_TRUE(UserName::parse("A.b_C-9"));
    EXPECT_TRUE(UserName::parse("..."));
    EXPECT_TRUE(UserName::parse(std::string(64, 'x')));
    EXPECT_FALSE(UserName::parse(std::string(65, 'x')));
    for (const auto* bad :
         {"", ".", "..", "a/b", "../a", "a b", "a\n", "a\\b", "\xC3\xA4", "a%2e", "a:b"})
        EXPECT_FALSE(UserName::parse(bad)) << bad;
    EXPECT_FALSE(UserName::parse(std::string_view{"a\0", 2}));
}

TEST(UserName, IsTheSameWhateverItsCase) {
    const auto name = UserName::parse("Alice").value();
    EXPECT_EQ(name, UserName::parse("aLICE").value());
    EXPECT_FALSE(name == UserName::parse("alicf").value());
    EXPECT_EQ(name.shown(), "Alice");
    EXPECT_EQ(name.key(), "alice");
}

TEST(UserFile, ReadsWhatItWrites) {
    const auto user = some_user();
    const auto read = decode_user_file(encode_user_file(user));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->name.shown(), "Alice");
    EXPECT_EQ(read->role, Role::member);
    EXPECT_EQ(read->password_hash, user.password_hash);
    EXPECT_EQ(read->keystore, user.keystore);
    EXPECT_EQ(read->address, user.address);
}

TEST(UserFile, StandsInOneLineInThisOrder) {
    auto user = some_user();
    user.password_hash = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA";
    const auto hex = [](const char* byte, int times) {
        std::string out;
        for (int i = 0; i < times; ++i) out += byte;
        return out;
    };
    EXPECT_EQ(encode_user_file(user),
              R"({"version":1,"name":"Alice","role":"member",)"
              R"("password_hash":"$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA","keystore":")" +
                  hex("ab", static_cast<int>(user.keystore.size())) + R"(","address":")" +
                  hex("cd", static_cast<int>(user.address.bytes.size())) + "\"}\n");
}

TEST(UserFile, RefusesWhatIsNone) {
    const auto good = encode_user_file(some_user());
    const auto with = [&](std::string_view from, std::string_view to) {
        auto changed = good;
        changed.replace(changed.find(from), from.size(), to);
        return decode_user_file(changed);
    };
    EXPECT_EQ(with("\"version\":1", "\"version\":2").error(), UserFileError::newer_version);
    EXPECT_EQ(with("\"version\":1", "\"version\":0").error(), UserFileError::malformed);
    EXPECT_EQ(with("\"version\":1", "\"version\":\"1\"").error(), UserFileError::malformed);
    for (const auto* version : {"1.0", "1e0", "-1", "99999999999999999999", "null"})
        EXPECT_EQ(with("\"version\":1", std::string{"\"version\":"} + version).error(),
                  UserFileError::malformed)
            << version;
    EXPECT_EQ(with("\"version\":1", "\"version\":1,\"name\":\"Bob\"").error(),
              UserFileError::malformed);
    EXPECT_EQ(with("Alice", "../x").error(), UserFileError::malformed);
    EXPECT_EQ(with("member", "anyone").error(), UserFileError::malformed);
    EXPECT_EQ(with("argon2id", "argon2i").error(), UserFileError::malformed);
    EXPECT_EQ(with("abab", "abag").error(), UserFileError::malformed);
    EXPECT_EQ(with("abab", "ab").error(), UserFileError::malformed);
    EXPECT_EQ(with("cdcd", "cdcdcd").error(), UserFileError::malformed);
    EXPECT_EQ(with("\"address\"", "\"addresz\"").error(), UserFileError::malformed);
    EXPECT_EQ(decode_user_file("").error(), UserFileError::malformed);
    EXPECT_EQ(decode_user_file("[]").error(), UserFileError::malformed);
    EXPECT_EQ(decode_user_file(std::string(10'000, '[')).error(), UserFileError::malformed);
}

}  // namespace
}  // namespace cairn
