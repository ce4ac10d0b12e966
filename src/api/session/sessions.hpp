#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/base/result.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/public_key.hpp"
#include "core/primitives/time.hpp"
#include "wallet/secret.hpp"
#include "wallet/unlocked_key.hpp"
#include "wallet/user_name.hpp"

namespace cairn {

/// Who makes a request, and the key that signs for them.
struct Caller {
    UserName name;
    Role role = Role::anyone;
    Address address;
    std::shared_ptr<const UnlockedKey> key;
};

struct SessionLimits {
    Tick idle_ms = Tick{30} * 60 * 1000;           // over when unused for this long
    Tick lifetime_ms = Tick{12} * 60 * 60 * 1000;  // over in any case
    std::size_t total = 4096;                      // one more is refused
    std::size_t per_user = 64;                     // one more ends the user's oldest
    std::size_t given_total = 16'384;              // tokens that are remembered beyond their end
    std::size_t given_per_user = 64;
};

struct OpenedSession {
    SecretText token;            // 256 random bits, base64url; said to the caller and forgotten
    UnixSeconds expires_at = 0;  // at the latest
};

enum class SessionError : std::uint8_t { too_many };

/// Who is logged in. Lives in memory alone: a restart logs all out. Of a token only its SHA-256 is
/// kept, so that neither a core dump nor a timing tells one. A user's sessions share one unlocked
/// key, which is wiped with the last of them (and of the requests that still hold it). Any thread;
/// the one mutex is held for look-ups only, never while a key is wiped or anything else is called.
class Sessions {
public:
    explicit Sessions(const SessionLimits& limits = {}) : limits_{limits} {}

    /// Always a new token: what a client brought along is never taken over. Sessions of an older
    /// user of this name (another address or role) end.
    [[nodiscard]] Result<OpenedSession, SessionError> open(const Caller& caller, Now now);
    /// The caller of a token, whose idle time begins anew; nothing if it is unknown or over.
    [[nodiscard]] std::optional<Caller> find(std::string_view token, Tick now);
    /// Whether this token was once given to the user of this name (in small letters), though its
    /// session be over: a proof of an earlier log-in, and of nothing else.
    [[nodiscard]] bool was_given(std::string_view token, std::string_view name) const;
    /// Log-out; false if there was no such session.
    bool close(std::string_view token, Tick now);
    /// Ends all sessions of a user and forgets its tokens: call it after removing the user and
    /// after a change of password.
    std::size_t close_user(const UserName& name);
    /// Ends what is over, so that keys are wiped though nobody calls: every minute or so. How many
    /// ended.
    std::size_t sweep(Tick now);

    /// The key of a user who is logged in, so that a further log-in need not unlock it; null if
    /// none is.
    [[nodiscard]] std::shared_ptr<const UnlockedKey> key_of(const UserName& name, Tick now);
    [[nodiscard]] std::size_t size() const;

private:
    struct User {
        Caller caller;
        std::deque<Hash256> tokens;  // oldest first
    };
    struct Session {
        std::string user;  // UserName::key()
        Tick opened = 0;
        Tick used = 0;
    };
    /// What leaves under the lock and is destroyed after it.
    using Released = std::vector<Caller>;

    void remember(const Hash256& token, const std::string& user);
    void forget(std::uint64_t given);
    [[nodiscard]] bool is_over(const Session& session, Tick now) const;
    void end(const Hash256& token, Released& released);
    std::size_t end_all_of(const std::string& user, Released& released);
    std::size_t end_what_is_over(Tick now, Released& released);

    const SessionLimits limits_;
    mutable std::mutex mutex_;  // guards what follows
    std::unordered_map<Hash256, Session> sessions_;
    std::map<std::string, User> users_;
    std::unordered_map<Hash256, std::string> given_;  // tokens ever given, with their users
    std::map<std::uint64_t, Hash256> given_by_age_;   // oldest first
    std::map<std::string, std::set<std::uint64_t>> given_of_;  // of a user: keys of the one above
    std::uint64_t last_given_ = 0;
};

}  // namespace cairn
