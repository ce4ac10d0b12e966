#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "api/http/handler.hpp"

namespace cairn::http::testing {

/// A handler whose rows are lambdas.
class ScriptedHandler : public Handler {
public:
    using Run = std::function<void(Request, std::stop_token, Responder)>;

    explicit ScriptedHandler(std::vector<Route<Run>> routes)
        : routes_{std::move(routes)}, router_{Router::of(std::span<const Route<Run>>{routes_})} {}

    Result<Match, Problem> lookup(const RequestHead& head) const override {
        return router_.find(head);
    }
    Result<std::shared_ptr<const Caller>, Problem> authorise(const RequestHead& head, const Client&,
                                                             const Match& match) override {
        if (match.spec->who == Role::member && !head.headers.authorization)
            return fail(Problem{.status = 401, .detail = "Log in first."});
        auto caller = std::make_shared<Caller>();
        caller->known = head.headers.authorization.has_value();
        return caller;
    }
    void handle(Request request, std::stop_token stop, Responder responder) override {
        ++handled;
        routes_[request.route].run(std::move(request), std::move(stop), std::move(responder));
    }
    void take(Request, std::unique_ptr<TakenSocket> socket) override {
        const std::lock_guard lock{mutex_};
        taken_ = std::move(socket);
        changed_.notify_all();
    }

    /// What was taken over, once it has been.
    std::unique_ptr<TakenSocket> wait_for_taken() {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return taken_ != nullptr; });
        return std::move(taken_);
    }

    std::atomic<int> handled{0};

private:
    std::vector<Route<Run>> routes_;
    Router router_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::unique_ptr<TakenSocket> taken_;
};

/// Requests that wait for the test to answer them.
class Waiting {
public:
    struct One {
        Request request;
        std::stop_token stop;
        Responder responder;
    };
    void add(Request request, std::stop_token stop, Responder responder) {
        const std::lock_guard lock{mutex_};
        ones_.push_back({std::move(request), std::move(stop), std::move(responder)});
        changed_.notify_all();
    }
    /// The oldest, once there is one.
    One take() {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return !ones_.empty(); });
        One one = std::move(ones_.front());
        ones_.erase(ones_.begin());
        return one;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<One> ones_;
};

/// Waits until a token has fired; false after 20 s.
inline bool fires(const std::stop_token& token) {
    std::mutex mutex;
    std::condition_variable changed;
    bool fired = false;
    const std::stop_callback callback{token, [&] {
                                          const std::lock_guard lock{mutex};
                                          fired = true;
                                          changed.notify_all();
                                      }};
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::seconds{20}, [&] { return fired; });
}

/// A stream made of a lambda.
class ScriptedStream : public Stream {
public:
    using Next = std::function<Result<bool, StoreError>(std::string&)>;
    explicit ScriptedStream(Next next) : next_{std::move(next)} {}
    Result<bool, StoreError> next(std::string& out) override { return next_(out); }
    void attach(std::function<void()> wake) override {
        if (on_attach) on_attach(std::move(wake));
    }
    std::function<void(std::function<void()>)> on_attach;

private:
    Next next_;
};

}  // namespace cairn::http::testing
