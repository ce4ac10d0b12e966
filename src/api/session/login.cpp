#include "api/session/login.hpp"

#include <utility>

namespace cairn {
namespace {

constexpr Tick kBusyRetryMs = 1000;
constexpr Tick kTooManyRetryMs = Tick{60} * 1000;

}  // namespace

std::shared_ptr<const UnlockedKey> Login::key_of(const User& user, const SecretText& password,
                                                 Tick now) {
    auto shared = sessions_->key_of(user.name, now);
    if (shared && shared->address() == user.address) return shared;
    auto key = Users::unlock(user, password);
    return key ? UnlockedKey::make(std::move(*key)) : nullptr;
}

Result<LoggedIn, LoginRefusal> Login::log_in(std::string_view name, const SecretText& password,
                                             Now now) {
    const auto pass = gate_->enter();
    if (!pass) return fail(LoginRefusal{LoginError::busy, kBusyRetryMs});
    auto checked = users_->check_password(name, password);
    if (!checked) return fail(LoginRefusal{LoginError::wrong, 0});
    auto user = std::move(*checked);
    // If the stronger hash cannot be written the old one still holds: no reason to refuse.
    if (auto stronger = users_->strengthen(user, password); stronger && *stronger)
        user = std::move(*stronger);

    auto key = key_of(*user, password, now.steady);
    if (!key) return fail(LoginRefusal{LoginError::wrong, 0});
    Caller caller{user->name, user->role, user->address, std::move(key)};
    auto session = sessions_->open(caller, now);
    if (!session) return fail(LoginRefusal{LoginError::too_many, kTooManyRetryMs});
    // Whoever removes a user or changes a password does so first and ends the sessions then; asking
    // only now leaves no moment in which a session could slip through between the two.
    if (users_->find(name) != user) {
        sessions_->close(session->token.reveal(), now.steady);
        return fail(LoginRefusal{LoginError::busy, kBusyRetryMs});
    }
    return LoggedIn{std::move(*session), std::move(caller)};
}

}  // namespace cairn
