#pragma once

#include <cstdint>
#include <string_view>

#include "api/session/sessions.hpp"
#include "core/base/result.hpp"
#include "core/primitives/time.hpp"
#include "wallet/argon2_gate.hpp"
#include "wallet/secret.hpp"
#include "wallet/users.hpp"

namespace cairn {

enum class LoginError : std::uint8_t {
    wrong,      // 401: name or password
    slow_down,  // 429: many guess at this name, and the lot fell on others
    busy,       // 429: as many log in as may, or the user was changed meanwhile
    too_many,   // 503: no room for another session
    stopping,   // 503: the node ends
};
struct LoginRefusal {
    LoginError error = LoginError::wrong;
    Tick retry_after_ms = 0;  // 0 with `wrong`
};

struct LoggedIn {
    OpenedSession session;
    Caller caller;
};

/// `POST /login` from password to token, once it is somebody's turn (LoginRoom): the gate, the
/// check, the key, the session. Blocks for one or two Argon2 runs (a run costs the same for names
/// nobody has). Any thread; refers to its three parts, which outlive it.
class Login {
public:
    Login(Users& users, Sessions& sessions, Argon2Gate& gate)
        : users_{&users}, sessions_{&sessions}, gate_{&gate} {}

    [[nodiscard]] Result<LoggedIn, LoginRefusal> log_in(std::string_view name,
                                                        const SecretText& password, Now now);

private:
    [[nodiscard]] std::shared_ptr<const UnlockedKey> key_of(const User& user,
                                                            const SecretText& password, Tick now);

    Users* users_;
    Sessions* sessions_;
    Argon2Gate* gate_;
};

}  // namespace cairn
