#pragma once

#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "api/session/login.hpp"
#include "api/session/source.hpp"

namespace cairn {

/// A try at a password.
struct LoginTry {
    std::string name;
    SecretText password;
    Source source;
    std::optional<std::string> token;  // of an earlier log-in, if one was shown
};

/// Where log-ins wait for their turn. Any thread.
class LoginDesk {
public:
    using Done = std::function<void(Result<LoggedIn, LoginRefusal>)>;

    virtual ~LoginDesk() = default;
    /// `done` is called once, on any thread, and must not block. The token ends the wait.
    virtual void log_in(LoginTry attempt, std::stop_token stop, Done done) = 0;
};

}  // namespace cairn
