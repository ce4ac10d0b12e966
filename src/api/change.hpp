#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/http/responder.hpp"
#include "node/gate.hpp"

namespace cairn {

/// A request that changes something, between the client who waits and the thread that does it.
///
/// It is answered once, by whoever comes first: by what became of it, or, when the client's time is
/// over, by what is known then. What has not begun by then is never begun, and the answer says that
/// nothing was changed. What has begun may yet happen: 503 with `"outcome":"unknown"` and no
/// Retry-After, which says where to ask. Any thread.
class Change {
public:
    /// `ask`: where a client learns what became of it, "GET /users". `stopping`: the node ends;
    /// then what is under way is waited for.
    Change(http::Responder responder, std::stop_token stop, std::string ask,
           std::function<bool()> stopping);
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    /// Ignored if it was answered already.
    void answer(http::Answer answer);
    /// Just before it is done, or goes on, on the thread that does it. False: the client has been
    /// answered, and it must not be.
    [[nodiscard]] bool begin();
    /// After `begin`: nothing was done after all, and nothing will be before the next `begin`.
    void not_yet();
    /// The client's time is over.
    void give_up();
    [[nodiscard]] bool answered() const;
    /// What it is about, once that is known: a transaction's id.
    void is_about(std::string id);

private:
    mutable std::mutex mutex_;  // guards what follows, not held while answering
    bool begun_ = false;
    std::optional<http::Responder> responder_;  // until it is answered
    std::string id_;
    const std::string ask_;
    const std::function<bool()> stopping_;
    std::stop_callback<std::function<void()>> on_stop_;  // goes first
};
using ChangePtr = std::shared_ptr<Change>;

/// A command of a `Change`, of two functions as `make_command`'s. If the client is answered before
/// it runs, it does not run, and `done` is not called.
template <class Run, class Done>
class ChangeCommand final : public Command {
public:
    ChangeCommand(ChangePtr change, bool begins, bool alone, Run run, Done done)
        : change_{std::move(change)},
          begins_{begins},
          alone_{alone},
          run_{std::move(run)},
          done_{std::move(done)} {}
    void run(Node& node, Now now) override {
        if (begins_ ? change_->begin() : !change_->answered()) value_.emplace(run_(node, now));
    }
    void done(Result<ViewPtr, StoreError> outcome) noexcept override {
        if (value_ || !outcome) done_(std::move(value_), std::move(outcome));
    }
    [[nodiscard]] bool alone() const override { return alone_; }
    [[nodiscard]] bool abandoned() const override { return change_->answered(); }

private:
    using Value = std::invoke_result_t<Run&, Node&, Now>;
    ChangePtr change_;
    const bool begins_;
    const bool alone_;
    Run run_;
    Done done_;
    std::optional<Value> value_;
};

/// The command that does it.
template <class Run, class Done>
[[nodiscard]] std::unique_ptr<Command> change_command(ChangePtr change, Run run, Done done,
                                                      bool alone = false) {
    return std::make_unique<ChangeCommand<Run, Done>>(std::move(change), true, alone,
                                                      std::move(run), std::move(done));
}
/// A question on the way to it, which changes nothing.
template <class Run, class Done>
[[nodiscard]] std::unique_ptr<Command> question_command(ChangePtr change, Run run, Done done) {
    return std::make_unique<ChangeCommand<Run, Done>>(std::move(change), false, false,
                                                      std::move(run), std::move(done));
}

}  // namespace cairn
