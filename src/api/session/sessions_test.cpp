#include "api/session/sessions.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

namespace cairn {
namespace {

constexpr Tick kMinute = 60'000;
constexpr Tick kHour = 60 * kMinute;

Caller caller(std::string_view name, std::uint8_t key_byte = 1) {
    const Bytes bytes(32, key_byte);
    auto key = UnlockedKey::make(SecretKey::from_bytes(bytes).value());
    const auto address = key->address();
    return {UserName::parse(name).value(), Role::member, address, std::move(key)};
}

Now at(Tick steady) { return {steady, 1'700'000'000}; }

std::string open(Sessions& sessions, std::string_view name, Tick now = 0) {
    const auto opened = sessions.open(caller(name), at(now));
    EXPECT_TRUE(opened);
    return opened ? std::string{opened->token.reveal()} : "";
}

TEST(Sessions, ATokenFindsItsCaller) {
    Sessions sessions;
    const auto alice = caller("Alice");
    const auto opened = sessions.open(alice, at(0));
    ASSERT_TRUE(opened);
    const auto found = sessions.find(opened->token.reveal(), 1);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name.shown(), "Alice");
    EXPECT_EQ(found->role, Role::member);
    EXPECT_EQ(found->address, alice.address);
    EXPECT_TRUE(schnorr_verify(alice.address, as_bytes("x"), found->key->sign(as_bytes("x"))));
    EXPECT_EQ(opened->expires_at, 1'700'000'000U + 12 * 3600);
}

TEST(Sessions, NoOtherTextIsAToken) {
    Sessions sessions;
    const auto token = open(sessions, "alice");
    EXPECT_FALSE(sessions.find("", 0));
    EXPECT_FALSE(sessions.find(token.substr(1), 0));
    EXPECT_FALSE(sessions.find(token + "=", 0));
    EXPECT_FALSE(sessions.find(std::string(43, 'A'), 0));
    EXPECT_FALSE(sessions.find(std::string(1'000'000, 'A'), 0));
    for (std::size_t i = 0; i < token.size(); ++i) {
        auto changed = token;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(sessions.find(changed, 0)) << i;
    }
    EXPECT_TRUE(sessions.find(token, 0));
}

TEST(Sessions, EndAfterThirtyMinutesUnused) {
    Sessions sessions;
    const auto token = open(sessions, "alice");
    EXPECT_TRUE(sessions.find(token, 30 * kMinute - 1));
    EXPECT_TRUE(sessions.find(token, 60 * kMinute - 2));  // its idle time began anew
    EXPECT_FALSE(sessions.find(token, 90 * kMinute - 2));
    EXPECT_FALSE(sessions.find(token, 0));  // and it is gone, not hidden
    EXPECT_EQ(sessions.size(), 0U);
}

TEST(Sessions, EndAfterTwelveHoursHoweverUsed) {
    Sessions sessions;
    const auto token = open(sessions, "alice");
    for (Tick now = 0; now < 12 * kHour; now += 10 * kMinute)
        ASSERT_TRUE(sessions.find(token, now)) << now;
    EXPECT_TRUE(sessions.find(token, 12 * kHour - 1));
    EXPECT_FALSE(sessions.find(token, 12 * kHour));
}

TEST(Sessions, AnEarlierTickOfAnotherThreadEndsNothing) {
    Sessions sessions;
    const auto token = open(sessions, "alice", kHour);
    EXPECT_TRUE(sessions.find(token, kHour - 5));
    EXPECT_TRUE(sessions.find(token, kHour + 30 * kMinute - 1));
}

TEST(Sessions, LogOutEndsOneSessionOnce) {
    Sessions sessions;
    const auto one = open(sessions, "alice");
    const auto two = open(sessions, "alice");
    EXPECT_TRUE(sessions.close(one, 1));
    EXPECT_FALSE(sessions.close(one, 1));
    EXPECT_FALSE(sessions.find(one, 1));
    EXPECT_TRUE(sessions.find(two, 1));
    EXPECT_FALSE(sessions.close(two, kHour));  // over already
    EXPECT_EQ(sessions.size(), 0U);
}

TEST(Sessions, CloseUserEndsAllOfThatUserInAnyCase) {
    Sessions sessions;
    const auto one = open(sessions, "alice");
    const auto two = open(sessions, "Alice");
    const auto bob = open(sessions, "bob");
    EXPECT_EQ(sessions.close_user(UserName::parse("ALICE").value()), 2U);
    EXPECT_FALSE(sessions.find(one, 0));
    EXPECT_FALSE(sessions.find(two, 0));
    EXPECT_TRUE(sessions.find(bob, 0));
    EXPECT_EQ(sessions.close_user(UserName::parse("alice").value()), 0U);
}

TEST(Sessions, TheKeyIsSharedAndGoesWithTheUsersLastSession) {
    Sessions sessions;
    auto alice = caller("alice");
    const std::weak_ptr<const UnlockedKey> key = alice.key;
    const auto one = sessions.open(alice, at(0));
    const auto two = sessions.open(caller("alice"), at(0));  // unlocked a second time: not kept
    ASSERT_TRUE(one && two);
    alice.key.reset();
    EXPECT_EQ(sessions.key_of(alice.name, 0), key.lock());
    EXPECT_EQ(sessions.find(two->token.reveal(), 0)->key, key.lock());
    sessions.close(one->token.reveal(), 0);
    EXPECT_FALSE(key.expired());
    sessions.close(two->token.reveal(), 0);
    EXPECT_TRUE(key.expired());
    EXPECT_FALSE(sessions.key_of(alice.name, 0));
}

TEST(Sessions, ALogInAfterTheLastLogOutBringsItsOwnKey) {
    Sessions sessions;
    ASSERT_TRUE(sessions.close(open(sessions, "alice"), 0));
    const auto again = caller("alice");
    const auto opened = sessions.open(again, at(0));
    ASSERT_TRUE(opened);
    const auto found = sessions.find(opened->token.reveal(), 0);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->key, again.key);
    EXPECT_EQ(found->name.shown(), "alice");
}

TEST(Sessions, SweepWipesTheKeyThoughNobodyAsks) {
    Sessions sessions;
    std::weak_ptr<const UnlockedKey> key;
    {
        const auto alice = caller("alice");
        key = alice.key;
        ASSERT_TRUE(sessions.open(alice, at(0)));
    }
    EXPECT_EQ(sessions.sweep(30 * kMinute - 1), 0U);
    EXPECT_FALSE(key.expired());
    EXPECT_EQ(sessions.sweep(30 * kMinute), 1U);
    EXPECT_TRUE(key.expired());
}

TEST(Sessions, ARequestInFlightKeepsItsKeyToItsEnd) {
    Sessions sessions;
    const auto token = open(sessions, "alice");
    const auto in_flight = sessions.find(token, 0);
    sessions.close(token, 0);
    ASSERT_TRUE(in_flight);
    EXPECT_TRUE(
        schnorr_verify(in_flight->address, as_bytes("x"), in_flight->key->sign(as_bytes("x"))));
}

TEST(Sessions, AnotherUserOfTheNameTakesNothingOver) {
    Sessions sessions;
    const auto old_session = open(sessions, "alice");
    const auto renewed = caller("alice", 2);
    const auto opened = sessions.open(renewed, at(0));
    ASSERT_TRUE(opened);
    EXPECT_FALSE(sessions.find(old_session, 0));
    EXPECT_EQ(sessions.find(opened->token.reveal(), 0)->key, renewed.key);
    auto promoted = renewed;
    promoted.role = Role::operator_;
    const auto as_operator = sessions.open(promoted, at(0));
    EXPECT_FALSE(sessions.find(opened->token.reveal(), 0));
    EXPECT_EQ(sessions.find(as_operator->token.reveal(), 0)->role, Role::operator_);
}

TEST(Sessions, ThePerUserLimitEndsTheOldest) {
    Sessions sessions;
    std::vector<std::string> tokens;
    for (int i = 0; i < 65; ++i) tokens.push_back(open(sessions, "alice", static_cast<Tick>(i)));
    EXPECT_FALSE(sessions.find(tokens[0], 100));
    for (int i = 1; i < 65; ++i)
        EXPECT_TRUE(sessions.find(tokens[static_cast<std::size_t>(i)], 100));
    EXPECT_EQ(sessions.size(), 64U);
}

TEST(Sessions, ALimitOfOnePerUserKeepsTheNewest) {
    SessionLimits limits;
    limits.per_user = 1;
    Sessions sessions{limits};
    const auto one = open(sessions, "alice");
    const auto two = open(sessions, "alice");
    EXPECT_FALSE(sessions.find(one, 0));
    EXPECT_TRUE(sessions.find(two, 0));
}

TEST(Sessions, TheTotalLimitRefusesUntilSomethingEnds) {
    SessionLimits limits;
    limits.total = 3;
    limits.per_user = 2;
    Sessions sessions{limits};
    const auto first = open(sessions, "alice", 0);
    open(sessions, "alice", 1);
    open(sessions, "bob", 1);
    const auto refused = sessions.open(caller("carol"), at(2));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), SessionError::too_many);
    // A user at the own limit makes room itself.
    EXPECT_TRUE(sessions.open(caller("alice"), at(2)));
    EXPECT_FALSE(sessions.find(first, 2));
    // And what is over makes room for anyone.
    EXPECT_TRUE(sessions.open(caller("carol"), at(1 + 30 * kMinute)));
}

TEST(Sessions, TokensOfManyThreadsAreAllDifferentAndAllGood) {
    SessionLimits limits;
    limits.per_user = 1024;
    Sessions sessions{limits};
    const auto alice = caller("alice");
    std::array<std::vector<std::string>, 8> tokens;
    std::vector<std::jthread> threads;
    for (auto& mine : tokens)
        threads.emplace_back([&] {
            for (int i = 0; i < 128; ++i) {
                const auto opened = sessions.open(alice, at(0));
                mine.emplace_back(opened->token.reveal());
                EXPECT_TRUE(sessions.find(mine.back(), 0));
            }
        });
    threads.clear();
    std::set<std::string> all;
    for (const auto& mine : tokens) all.insert(mine.begin(), mine.end());
    EXPECT_EQ(all.size(), 1024U);
    for (const auto& token : all) EXPECT_TRUE(sessions.find(token, 0));
}

TEST(Sessions, RememberWhoseATokenWasAfterItsEnd) {
    Sessions sessions;
    const auto token = open(sessions, "Alice");
    EXPECT_TRUE(sessions.was_given(token, "alice"));
    EXPECT_FALSE(sessions.was_given(token, "bob"));
    EXPECT_FALSE(sessions.was_given(token.substr(1), "alice"));
    EXPECT_TRUE(sessions.close(token, 0));
    EXPECT_TRUE(sessions.was_given(token, "alice"));
    // Of a user who is gone it proves nothing, whoever takes the name next.
    sessions.close_user(UserName::parse("alice").value());
    EXPECT_FALSE(sessions.was_given(token, "alice"));
}

TEST(Sessions, RememberAsManyTokensAsTheySayAndAUsersOwnAreTheFirstToGo) {
    SessionLimits limits;
    limits.given_total = 4;
    limits.given_per_user = 2;
    Sessions sessions{limits};
    const auto bob = open(sessions, "bob");
    std::vector<std::string> alice;
    for (int i = 0; i < 5; ++i) alice.push_back(open(sessions, "alice"));
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_EQ(sessions.was_given(alice[i], "alice"), i >= 3) << i;
    EXPECT_TRUE(sessions.was_given(bob, "bob"));
    (void)open(sessions, "carol");
    EXPECT_TRUE(sessions.was_given(bob, "bob"));
    (void)open(sessions, "dave");
    EXPECT_FALSE(sessions.was_given(bob, "bob"));  // the oldest of all
    EXPECT_TRUE(sessions.was_given(alice[4], "alice"));
}

}  // namespace
}  // namespace cairn
