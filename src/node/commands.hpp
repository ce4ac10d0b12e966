#pragma once

#include <memory>
#include <utility>

#include "node/gate.hpp"
#include "node/node.hpp"

namespace cairn {

/// A command made of two functions: `run(Node&, Now)` gives a value, which `done(value, outcome)`
/// gets with what became of the group. Neither may block.
template <class Run, class Done>
class ValueCommand final : public Command {
public:
    ValueCommand(Run run, Done done, bool alone)
        : run_{std::move(run)}, done_{std::move(done)}, alone_{alone} {}
    void run(Node& node, Now now) override { value_.emplace(run_(node, now)); }
    void done(Result<ViewPtr, StoreError> outcome) noexcept override {
        done_(std::move(value_), std::move(outcome));
    }
    [[nodiscard]] bool alone() const override { return alone_; }

private:
    using Value = std::invoke_result_t<Run&, Node&, Now>;
    Run run_;
    Done done_;
    bool alone_;
    std::optional<Value> value_;  // none if the group failed before its turn
};

template <class Run, class Done>
[[nodiscard]] std::unique_ptr<Command> make_command(Run run, Done done, bool alone = false) {
    return std::make_unique<ValueCommand<Run, Done>>(std::move(run), std::move(done), alone);
}

}  // namespace cairn
