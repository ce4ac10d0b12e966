#include "wallet/secret.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <set>
#include <string>

#include "wallet/random.hpp"

namespace cairn {
namespace {

template <class T>
concept Streamable = requires(std::ostream& out, const T& value) {
    out << value;
};
template <class T>
concept RangeLike = requires(const T& value) {
    value.begin();
};
template <class T>
constexpr bool kMute = !Streamable<T> && !RangeLike<T> && !std::equality_comparable<T> &&
                       !std::convertible_to<T, std::string_view> && !std::copyable<T>;

static_assert(Streamable<std::string> && RangeLike<std::string>);  // the concepts can tell
static_assert(kMute<SecretText>);
static_assert(kMute<SecretBytes>);

TEST(SecretBytes, BeginAsZerosAndMoveLeavesNothingBehind) {
    SecretBytes secret{32};
    EXPECT_EQ(Bytes(secret.view().begin(), secret.view().end()), Bytes(32, 0));
    secret.writable()[0] = 7;
    const SecretBytes moved{std::move(secret)};
    EXPECT_EQ(moved.view()[0], 7);
    EXPECT_TRUE(secret.view().empty());  // NOLINT(bugprone-use-after-move)
}

TEST(Wipe, LeavesZeros) {
    Bytes bytes(64, 0xaa);
    wipe(bytes);
    EXPECT_EQ(bytes, Bytes(64, 0));
}

TEST(SecretText, AFreedSecretIsOutOfReach) {
    EXPECT_DEATH(
        {
            const char* freed = SecretText{"a password"}.reveal().data();
            volatile char c = *freed;  // unmapped
            (void)c;
        },
        "");
}

TEST(RandomToken, Is43CharactersOfBase64UrlAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto token = random_token();
        EXPECT_EQ(token.size(), 43U);
        EXPECT_EQ(
            token.reveal().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                                             "xyz0123456789-_"),
            std::string_view::npos);
        seen.emplace(token.reveal());
    }
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(RandomPassword, Is26CharactersOfOneWordAndUsesTheWholeAlphabet) {
    std::set<char> letters;
    for (int i = 0; i < 200; ++i) {
        const auto password = random_password();
        EXPECT_EQ(password.size(), 26U);
        letters.insert(password.reveal().begin(), password.reveal().end());
    }
    EXPECT_EQ((std::string{letters.begin(), letters.end()}), "0123456789abcdefghjkmnpqrstvwxyz");
}

}  // namespace
}  // namespace cairn
