#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "api/login_desk.hpp"
#include "api/session/login_room.hpp"

namespace cairn {

/// Two waiting rooms with a thread each: one for who shows a token that was given to this name
/// before (the room's names are such tokens), one for everybody else. However many strangers guess,
/// who has logged in before waits for none of them.
class LoginThreads final : public LoginDesk {
public:
    using Clock = std::function<Now()>;

    LoginThreads(Login& login, const Sessions& sessions, Clock clock);
    ~LoginThreads() override;
    LoginThreads(const LoginThreads&) = delete;
    LoginThreads& operator=(const LoginThreads&) = delete;

    void log_in(LoginTry attempt, std::stop_token stop, Done done) override;
    /// Refuses who waits and whoever comes afterwards, and ends.
    void stop();
    /// Looks at the clock now: for tests that set it.
    void look();

private:
    class Lane;

    const Sessions& sessions_;
    const Clock clock_;
    std::unique_ptr<Lane> known_;
    std::unique_ptr<Lane> strangers_;
};

}  // namespace cairn
