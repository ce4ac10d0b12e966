#include "api/session/login.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "wallet/testing/folder.hpp"

namespace cairn {
namespace {

constexpr Argon2Cost kCheap{8, 1};
const SecretText kPassword{"a good password"};
const SecretText kWrong{"a wrong password"};

Now at(Tick steady) { return {steady, 1'700'000'000}; }

struct Fixture {
    explicit Fixture(const Argon2Cost& cost = kCheap)
        : users{std::move(*Users::open(folder.path(), cost))} {
        EXPECT_TRUE(users->create("alice", kPassword, Role::member));
    }
    auto log_in(std::string_view name, const SecretText& password, Tick now = 0) {
        return login.log_in(name, password, at(now));
    }
    testing::Folder folder;
    std::unique_ptr<Users> users;
    Sessions sessions;
    Argon2Gate gate{2, 0};
    Login login{*users, sessions, gate};
};

TEST(Login, GivesASessionThatSigns) {
    Fixture f;
    const auto in = f.log_in("Alice", kPassword);
    ASSERT_TRUE(in);
    const auto found = f.sessions.find(in->session.token.reveal(), 0);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name.shown(), "alice");
    EXPECT_EQ(found->address, f.users->find("alice")->address);
    EXPECT_TRUE(schnorr_verify(found->address, as_bytes("x"), found->key->sign(as_bytes("x"))));
}

TEST(Login, NeverTheSameTokenTwice) {
    Fixture f;
    EXPECT_NE(f.log_in("alice", kPassword)->session.token.reveal(),
              f.log_in("alice", kPassword)->session.token.reveal());
}

TEST(Login, ASecondOneSharesTheKey) {
    Fixture f;
    const auto one = f.log_in("alice", kPassword);
    const auto two = f.log_in("alice", kPassword);
    EXPECT_EQ(one->caller.key, two->caller.key);
}

TEST(Login, WrongPasswordUnknownAndImpossibleNamesAreRefusedAlike) {
    Fixture f;
    for (const auto* name : {"alice", "nobody", "../alice", ""}) {
        const auto refused = f.log_in(name, *name == 'a' ? kWrong : kPassword);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().error, LoginError::wrong);
        EXPECT_EQ(refused.error().retry_after_ms, 0U);
    }
    EXPECT_EQ(f.log_in("alice", SecretText{}).error().error, LoginError::wrong);
    EXPECT_EQ(f.sessions.size(), 0U);
}

TEST(Login, BusyWhenTheGateIsFullAndThatIsNoFailure) {
    Fixture f;
    {
        const auto one = f.gate.enter();
        const auto two = f.gate.enter();
        for (int i = 0; i < 10; ++i) {
            const auto refused = f.log_in("alice", kPassword);
            ASSERT_FALSE(refused);
            EXPECT_EQ(refused.error().error, LoginError::busy);
            EXPECT_GT(refused.error().retry_after_ms, 0U);
        }
    }
    EXPECT_TRUE(f.log_in("alice", kPassword));
}

TEST(Login, RefusedWhenThereIsNoRoomForASession) {
    Fixture f;
    SessionLimits limits;
    limits.total = 1;
    Sessions sessions{limits};
    Login login{*f.users, sessions, f.gate};
    ASSERT_TRUE(f.users->create("bob", kPassword, Role::member));
    ASSERT_TRUE(login.log_in("alice", kPassword, at(0)));
    const auto refused = login.log_in("bob", kPassword, at(0));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().error, LoginError::too_many);
}

TEST(Login, HashesAnewWhenTheCostHasRisen) {
    Fixture f;
    const auto users = std::move(*Users::open(f.folder.path(), {16, 2}));
    Login login{*users, f.sessions, f.gate};
    ASSERT_TRUE(login.log_in("alice", kPassword, at(0)));
    EXPECT_EQ(cost_of(users->find("alice")->password_hash), (Argon2Cost{16, 2}));
    EXPECT_TRUE(login.log_in("alice", kPassword, at(0)));
}

TEST(Login, NoSessionOutlivesItsUserHoweverTheyRace) {
    Fixture f;
    ASSERT_TRUE(f.users->create("root", kPassword, Role::operator_));
    for (int round = 0; round < 50; ++round) {
        std::jthread remover{[&] {
            EXPECT_TRUE(f.users->remove("alice"));
            f.sessions.close_user(UserName::parse("alice").value());
        }};
        (void)f.login.log_in("alice", kPassword, at(static_cast<Tick>(round)));
        remover.join();
        EXPECT_EQ(f.sessions.size(), 0U) << round;
        ASSERT_TRUE(f.users->create("alice", kPassword, Role::member));
    }
}

TEST(Login, AnUnknownNameCostsAnArgon2RunToo) {
    // 8 MiB: some milliseconds, far above all else a log-in does. The bounds are wide, the machine
    // busy.
    Fixture f{{8192, 2}};
    const auto median_of = [&](std::string_view name) {
        std::vector<std::chrono::nanoseconds> times;
        for (int i = 0; i < 15; ++i) {
            const auto begin = std::chrono::steady_clock::now();
            EXPECT_FALSE(f.users->check_password(name, kWrong));
            times.push_back(std::chrono::steady_clock::now() - begin);
        }
        std::nth_element(times.begin(), times.begin() + 7, times.end());
        return times[7].count();
    };
    const auto known = median_of("alice");
    const auto unknown = median_of("nobody");
    EXPECT_LT(known, unknown * 3);
    EXPECT_LT(unknown, known * 3);
}

}  // namespace
}  // namespace cairn
