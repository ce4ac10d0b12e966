#include "app/login_threads.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "core/crypto/sha256.hpp"
#include "wallet/random.hpp"
#include "wallet/user_name.hpp"

namespace cairn {
namespace {

/// No user has a longer name, so longer ones may share an entry.
constexpr std::size_t kNameBytes = 65;

std::size_t draw_number(std::size_t below) {
    std::uint64_t value = 0;
    for (const auto byte : random_bytes<8>()) value = value << 8U | byte;
    return static_cast<std::size_t>(value % below);
}

}  // namespace

class LoginThreads::Lane {
public:
    Lane(Login& login, Clock clock) : login_{login}, clock_{std::move(clock)} {
        thread_ = std::thread{[this] { run(); }};
    }
    ~Lane() { stop(); }
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    /// `key`: what the tries are counted by.
    void enter(std::string key, LoginTry attempt, std::stop_token stop, Done done) {
        auto waiting = std::make_unique<Waiting>();
        waiting->key = key;
        waiting->attempt = std::move(attempt);
        waiting->done = std::move(done);
        waiting->stop = stop;
        // Destroyed by this lane's thread alone, outside the mutex: it may be running just then.
        waiting->on_stop.emplace(std::move(stop), [this] { nudge(); });
        const Source source = waiting->attempt.source;
        {
            const std::lock_guard lock{mutex_};
            if (!stopping_)
                waiting_.emplace(room_.enter(std::move(key), source, clock_().steady),
                                 std::move(waiting));
        }
        if (waiting) return refuse(*waiting, LoginError::stopping);  // NOLINT: not moved from
        nudge();
    }
    void nudge() {
        {
            const std::lock_guard lock{mutex_};
            nudged_ = true;
        }
        wake_.notify_one();
    }
    void stop() {
        {
            const std::lock_guard lock{mutex_};
            stopping_ = true;
        }
        wake_.notify_one();
        if (thread_.joinable()) thread_.join();
    }

private:
    struct Waiting {
        std::string key;
        LoginTry attempt;
        Done done;
        std::stop_token stop;
        std::optional<std::stop_callback<std::function<void()>>> on_stop;
    };
    using WaitingPtr = std::unique_ptr<Waiting>;
    using Refused = std::vector<std::pair<WaitingPtr, LoginError>>;

    static void refuse(const Waiting& waiting, LoginError error) {
        waiting.done(fail(LoginRefusal{error, LoginRoom::kEvery}));
    }

    /// The mutex is held.
    [[nodiscard]] WaitingPtr take(LoginRoom::Ticket ticket) {
        auto found = waiting_.extract(ticket);
        return found.empty() ? nullptr : std::move(found.mapped());
    }
    /// The mutex is held.
    void take_refused(Tick now, Refused& refused) {
        for (auto at = waiting_.begin(); at != waiting_.end();) {
            const auto here = at++;
            if (!stopping_ && !here->second->stop.stop_requested()) continue;
            room_.leave(here->first);
            refused.emplace_back(std::move(here->second),
                                 stopping_ ? LoginError::stopping : LoginError::slow_down);
            waiting_.erase(here);
        }
        for (const auto ticket : room_.refused(now))
            if (auto waiting = take(ticket))
                refused.emplace_back(std::move(waiting), LoginError::slow_down);
    }
    /// The mutex is held.
    void wait(std::unique_lock<std::mutex>& lock) {
        const auto woken = [this] { return nudged_ || stopping_; };
        const Tick now = clock_().steady;
        if (const auto at = room_.next_look(now))
            wake_.wait_for(lock, std::chrono::milliseconds{*at - now}, woken);
        else
            wake_.wait(lock, woken);
        nudged_ = false;
    }
    void run() {
        for (;;) {
            Refused refused;
            WaitingPtr next;
            bool ending = false;
            {
                std::unique_lock lock{mutex_};
                wait(lock);
                const Tick now = clock_().steady;
                take_refused(now, refused);
                if (const auto ticket = room_.next(now)) next = take(*ticket);
                ending = stopping_;
            }
            for (const auto& [waiting, error] : refused) refuse(*waiting, error);
            if (next) attempt(*next);
            if (ending) return;
        }
    }
    void attempt(Waiting& waiting) {
        const LoginTry& attempt = waiting.attempt;
        auto in = login_.log_in(attempt.name, attempt.password, clock_());
        if (in || in.error().error != LoginError::wrong) {
            const std::lock_guard lock{mutex_};
            room_.was_right(waiting.key, clock_().steady);
        }
        waiting.on_stop.reset();
        waiting.done(std::move(in));
    }

    Login& login_;
    const Clock clock_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    LoginRoom room_{draw_number};
    std::map<LoginRoom::Ticket, WaitingPtr> waiting_;
    bool nudged_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

LoginThreads::LoginThreads(Login& login, const Sessions& sessions, Clock clock)
    : sessions_{sessions},
      clock_{std::move(clock)},
      known_{std::make_unique<Lane>(login, clock_)},
      strangers_{std::make_unique<Lane>(login, clock_)} {}

LoginThreads::~LoginThreads() { stop(); }

void LoginThreads::log_in(LoginTry attempt, std::stop_token stop, Done done) {
    std::string name = fold_case(std::string_view{attempt.name}.substr(0, kNameBytes));
    if (attempt.token && sessions_.was_given(*attempt.token, name)) {
        const auto hash = sha256(as_bytes(*attempt.token));
        return known_->enter(std::string{as_text(hash.bytes)}, std::move(attempt), std::move(stop),
                             std::move(done));
    }
    strangers_->enter(std::move(name), std::move(attempt), std::move(stop), std::move(done));
}

void LoginThreads::stop() {
    known_->stop();
    strangers_->stop();
}

void LoginThreads::look() {
    known_->nudge();
    strangers_->nudge();
}

}  // namespace cairn
