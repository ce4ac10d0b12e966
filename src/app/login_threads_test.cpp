#include "app/login_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "app/testing/rig.hpp"
#include "wallet/testing/folder.hpp"

namespace cairn {
namespace {

using testing::get;

constexpr Argon2Cost kLoginCost{8, 1};
constexpr std::string_view kRightPassword = "a good password";

/// Log-ins under a clock that is set by hand.
class LoginRig {
public:
    using Told = Result<LoggedIn, LoginRefusal>;

    LoginRig() { EXPECT_TRUE(users->create("alice", SecretText{kRightPassword}, Role::member)); }

    std::future<Told> log_in(std::string_view password, std::optional<std::string> token = {},
                             std::stop_token stop = {}, std::string name = "alice") {
        auto promise = std::make_shared<std::promise<Told>>();
        auto future = promise->get_future();
        threads.log_in(
            {std::move(name), SecretText{password}, Source::loopback(), std::move(token)},
            std::move(stop), [promise](Told told) { promise->set_value(std::move(told)); });
        return future;
    }
    LoginError error_of(std::future<Told> told) { return get(std::move(told)).error().error; }
    /// Until a stranger has to wait.
    void spend() {
        for (std::uint32_t i = 0; i < LoginRoom::kFree; ++i)
            EXPECT_EQ(error_of(log_in("wrong")), LoginError::wrong);
    }
    static bool waits(const std::future<Told>& told) {
        return told.wait_for(std::chrono::seconds{0}) == std::future_status::timeout;
    }
    void pass(Tick time) {
        steady += time;
        threads.look();
    }

    testing::Folder folder;
    std::unique_ptr<Users> users = std::move(*Users::open(folder.path(), kLoginCost));
    Sessions sessions;
    Argon2Gate gate;
    Login login{*users, sessions, gate};
    std::atomic<Tick> steady = 1'000'000;
    LoginThreads threads{login, sessions, [this] { return Now{steady, 1'700'000'000}; }};
};

TEST(LoginThreads, RightPasswordsAreNeverSlowedDown) {
    LoginRig desk;
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(get(desk.log_in(kRightPassword)));
}

TEST(LoginThreads, ARightPasswordWaitsForItsTurnAndIsNotRefused) {
    LoginRig desk;
    desk.spend();
    auto right = desk.log_in(kRightPassword);
    // Another name's turn comes at once, and by then this one has been looked at.
    EXPECT_EQ(desk.error_of(desk.log_in("wrong", {}, {}, "nobody")), LoginError::wrong);
    EXPECT_TRUE(LoginRig::waits(right));
    desk.pass(LoginRoom::kEvery);
    EXPECT_TRUE(get(std::move(right)));
}

TEST(LoginThreads, WhoShowsATokenOfThisNameWaitsForNoStranger) {
    LoginRig desk;
    const auto in = get(desk.log_in(kRightPassword));
    ASSERT_TRUE(in);
    const std::string token{in->session.token.reveal()};
    desk.spend();
    auto stranger = desk.log_in(kRightPassword);
    EXPECT_TRUE(get(desk.log_in(kRightPassword, token)));
    EXPECT_TRUE(LoginRig::waits(stranger));

    // Though its session is over.
    EXPECT_TRUE(desk.sessions.close(token, desk.steady));
    EXPECT_TRUE(get(desk.log_in(kRightPassword, token)));
    EXPECT_TRUE(LoginRig::waits(stranger));
}

TEST(LoginThreads, ATokenOfAnotherNameOrOfNobodyIsNone) {
    LoginRig desk;
    ASSERT_TRUE(desk.users->create("bob", SecretText{kRightPassword}, Role::member));
    const auto bob = get(desk.log_in(kRightPassword, {}, {}, "bob"));
    desk.spend();
    for (const std::string& token :
         {std::string{bob->session.token.reveal()}, std::string(43, 'A'), std::string{}}) {
        std::stop_source leaves;
        auto told = desk.log_in(kRightPassword, token, leaves.get_token());
        EXPECT_EQ(desk.error_of(desk.log_in("wrong", {}, {}, "nobody" + token)), LoginError::wrong);
        EXPECT_TRUE(LoginRig::waits(told));
        leaves.request_stop();
        EXPECT_EQ(desk.error_of(std::move(told)), LoginError::slow_down);
    }
}

TEST(LoginThreads, ATokenGivesNoMoreGuessesThanAStrangerHas) {
    LoginRig desk;
    const auto in = get(desk.log_in(kRightPassword));
    const std::string token{in->session.token.reveal()};
    for (std::uint32_t i = 0; i < LoginRoom::kFree; ++i)
        EXPECT_EQ(desk.error_of(desk.log_in("wrong", token)), LoginError::wrong);
    auto next = desk.log_in("wrong", token);
    EXPECT_EQ(desk.error_of(desk.log_in("wrong")), LoginError::wrong);
    EXPECT_TRUE(LoginRig::waits(next));
    desk.pass(LoginRoom::kEvery);
    EXPECT_EQ(desk.error_of(std::move(next)), LoginError::wrong);
}

TEST(LoginThreads, WhoLeavesMakesRoom) {
    LoginRig desk;
    desk.spend();
    std::stop_source leaves;
    auto gone = desk.log_in(kRightPassword, {}, leaves.get_token());
    leaves.request_stop();
    EXPECT_EQ(desk.error_of(std::move(gone)), LoginError::slow_down);
    EXPECT_EQ(desk.sessions.size(), 0U);
}

TEST(LoginThreads, StoppingRefusesWhoWaitsAndWhoComes) {
    LoginRig desk;
    desk.spend();
    auto waiting = desk.log_in(kRightPassword);
    desk.threads.stop();
    EXPECT_EQ(desk.error_of(std::move(waiting)), LoginError::stopping);
    EXPECT_EQ(desk.error_of(desk.log_in(kRightPassword)), LoginError::stopping);
}

}  // namespace
}  // namespace cairn
