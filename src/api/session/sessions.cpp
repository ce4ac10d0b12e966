#include "api/session/sessions.hpp"

#include <algorithm>
#include <utility>

#include "core/crypto/sha256.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

constexpr std::size_t kTokenSize = 43;

std::optional<Hash256> hash_of(std::string_view token) {
    if (token.size() != kTokenSize) return std::nullopt;
    return sha256(as_bytes(token));
}

}  // namespace

Result<OpenedSession, SessionError> Sessions::open(const Caller& caller, Now now) {
    auto token = random_token();
    const auto hash = sha256(as_bytes(token.reveal()));
    const auto& name = caller.name.key();

    Released released;
    const std::lock_guard lock{mutex_};
    end_what_is_over(now.steady, released);
    auto user = users_.find(name);
    if (user != users_.end() && (user->second.caller.address != caller.address ||
                                 user->second.caller.role != caller.role)) {
        end_all_of(name, released);
        user = users_.end();
    }
    // The user's own oldest makes room before anybody is refused.
    if (user != users_.end() && user->second.tokens.size() >= limits_.per_user) {
        end(Hash256{user->second.tokens.front()}, released);
        user = users_.find(name);
    }
    if (sessions_.size() >= limits_.total) return fail(SessionError::too_many);
    if (user == users_.end()) user = users_.emplace(name, User{caller, {}}).first;
    user->second.tokens.push_back(hash);
    sessions_.emplace(hash, Session{name, now.steady, now.steady});
    remember(hash, name);
    return OpenedSession{std::move(token),
                         now.wall + static_cast<UnixSeconds>(limits_.lifetime_ms / 1000)};
}

std::optional<Caller> Sessions::find(std::string_view token, Tick now) {
    const auto hash = hash_of(token);
    if (!hash) return std::nullopt;
    Released released;
    const std::lock_guard lock{mutex_};
    const auto found = sessions_.find(*hash);
    if (found == sessions_.end()) return std::nullopt;
    if (is_over(found->second, now)) {
        end(*hash, released);
        return std::nullopt;
    }
    found->second.used = std::max(found->second.used, now);
    return users_.at(found->second.user).caller;
}

void Sessions::remember(const Hash256& token, const std::string& user) {
    // A user who logs in all the time costs nobody else's tokens their place.
    if (const auto own = given_of_.find(user);
        own != given_of_.end() && own->second.size() >= limits_.given_per_user)
        forget(*own->second.begin());
    else if (given_.size() >= limits_.given_total)
        forget(given_by_age_.begin()->first);
    given_by_age_.emplace(++last_given_, token);
    given_of_[user].insert(last_given_);
    given_.emplace(token, user);
}

void Sessions::forget(std::uint64_t given) {
    const auto token = given_by_age_.extract(given).mapped();
    const auto user = given_of_.find(given_.extract(token).mapped());
    user->second.erase(given);
    if (user->second.empty()) given_of_.erase(user);
}

bool Sessions::was_given(std::string_view token, std::string_view name) const {
    const auto hash = hash_of(token);
    if (!hash) return false;
    const std::lock_guard lock{mutex_};
    const auto found = given_.find(*hash);
    return found != given_.end() && found->second == name;
}

bool Sessions::close(std::string_view token, Tick now) {
    const auto hash = hash_of(token);
    if (!hash) return false;
    Released released;
    const std::lock_guard lock{mutex_};
    const auto found = sessions_.find(*hash);
    if (found == sessions_.end()) return false;
    const bool was_open = !is_over(found->second, now);
    end(*hash, released);
    return was_open;
}

std::size_t Sessions::close_user(const UserName& name) {
    Released released;
    const std::lock_guard lock{mutex_};
    if (const auto own = given_of_.find(name.key()); own != given_of_.end())
        for (const auto given : std::set<std::uint64_t>{own->second}) forget(given);
    return end_all_of(name.key(), released);
}

std::size_t Sessions::sweep(Tick now) {
    Released released;
    const std::lock_guard lock{mutex_};
    return end_what_is_over(now, released);
}

std::shared_ptr<const UnlockedKey> Sessions::key_of(const UserName& name, Tick now) {
    Released released;
    const std::lock_guard lock{mutex_};
    end_what_is_over(now, released);
    const auto user = users_.find(name.key());
    return user == users_.end() ? nullptr : user->second.caller.key;
}

std::size_t Sessions::size() const {
    const std::lock_guard lock{mutex_};
    return sessions_.size();
}

bool Sessions::is_over(const Session& session, Tick now) const {
    // Two threads may hand in their ticks out of order: an older one is no time gone by.
    const auto since = [&](Tick then) { return now > then ? now - then : 0; };
    return since(session.used) >= limits_.idle_ms || since(session.opened) >= limits_.lifetime_ms;
}

void Sessions::end(const Hash256& token, Released& released) {
    const auto session = sessions_.find(token);
    const auto user = users_.find(session->second.user);
    auto& tokens = user->second.tokens;
    tokens.erase(std::find(tokens.begin(), tokens.end(), token));
    sessions_.erase(session);
    if (!tokens.empty()) return;
    released.push_back(std::move(user->second.caller));
    users_.erase(user);
}

std::size_t Sessions::end_all_of(const std::string& name, Released& released) {
    const auto user = users_.find(name);
    if (user == users_.end()) return 0;
    const auto count = user->second.tokens.size();
    for (const auto& token : user->second.tokens) sessions_.erase(token);
    released.push_back(std::move(user->second.caller));
    users_.erase(user);
    return count;
}

std::size_t Sessions::end_what_is_over(Tick now, Released& released) {
    std::vector<Hash256> over;
    for (const auto& [token, session] : sessions_)
        if (is_over(session, now)) over.push_back(token);
    for (const auto& token : over) end(token, released);
    return over.size();
}

}  // namespace cairn
