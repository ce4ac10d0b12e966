#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "core/base/step_times.hpp"
#include "node/lanes.hpp"
#include "node/node.hpp"

namespace cairn {

/// What a driver needs from outside; all of it is called on the thread that drives.
struct DriverPorts {
    /// Makes the store writable again after a failed write; an error while it cannot be.
    std::function<Result<void, StoreError>()> recover;
    /// Whether the store can still be written to, as far as can be seen without writing. Asked once
    /// a second; what it finds is a failed write. Null: nobody looks.
    std::function<Result<void, StoreError>()> check;
    /// The view that readers get from now on.
    std::function<void(ViewPtr)> publish;
    /// After each commit that changed something or gave the peers something to do, once its answers
    /// are given.
    std::function<void(const Committed&)> committed;
    /// A failed write, and the recovery from it (null).
    std::function<void(const StoreError*)> trouble;
    /// CPU that this thread has used, in nanoseconds. Null: nothing is measured, and a group is
    /// bounded by count and bytes alone.
    std::function<std::uint64_t()> cpu;
    /// A step that took longer than it may: what it was, and nanoseconds of CPU. Null: nobody
    /// hears.
    std::function<void(std::string_view what, std::uint64_t took)> late = {};
};

/// How long the steps of the node's thread took. Any thread may read.
struct DriverTimes {
    StepTimes steps;   // a command, a slice of a switch, a tick, a commit
    StepTimes exempt;  // a restart, opening anew; longer for a block, and within what that may take
};

/// What drives a `Node`: what a group of commands is, when it ticks, what becomes of it if the
/// write fails, and how it comes back. For each group: run, step, tick, one durable write; then
/// publish, answer, carry out. If the write fails every command of the group hears it, and the node
/// is opened anew on the same store as at start-up; until that succeeds the view says `read_only`
/// and commands are refused.
///
/// A deterministic machine: no thread, no lock, no clock. `app` gives it a thread, the simulation
/// virtual time, and the answers wait there for as long as the write would take. Source:
/// docs/architecture.md, One owner.
class Driver {
public:
    static constexpr std::size_t kGroupBytes = 8 * 1024 * 1024;  // staged; the rest is the next's
    static constexpr std::uint64_t kLaneNs = 10'000'000;  // of a group, then the next lane's turn
    /// What each transaction adds to the time in which a block is to be connected.
    static constexpr std::uint64_t kTransactionNs = 20'000;
    static constexpr Tick kTickMs = 250;
    static constexpr Tick kRecoverMs = 1'000;
    static constexpr Tick kCheckMs = 1'000;

    /// A group that was run: what is known of it before anybody else hears.
    struct Turn {
        std::vector<QueuedCommand> ran;
        std::vector<QueuedCommand> dropped;  // nobody waited for them
        std::vector<QueuedCommand> rest;     // had no turn
        Result<Committed, StoreError> outcome;
        bool failed = false;  // the write failed just now, and the node is gone
    };

    /// Opens the store and publishes its first view.
    static Result<std::unique_ptr<Driver>, OpenError> open(std::shared_ptr<const ChainParams> chain,
                                                           Store& store, NodeOptions options,
                                                           DriverPorts ports, Now now);

    /// Runs a group, goes on with a switch of branches, ticks when it is time, and commits.
    [[nodiscard]] Turn work(Group group, Now now);
    /// Publishes and answers. What is given back has had no turn.
    [[nodiscard]] std::vector<QueuedCommand> finish(Turn turn);
    /// Looks after the store, when it is time to: whether it is still there, or, if there is no
    /// node, whether one can be opened anew.
    void tend(Now now);

    /// There is more to do, though no command waits.
    [[nodiscard]] bool has_more() const { return node_ && node_->has_more(); }
    void set_mining(bool on);
    /// Null while the store is in trouble.
    [[nodiscard]] const Node* node() const { return node_.get(); }
    [[nodiscard]] const ViewPtr& view() const { return view_; }
    [[nodiscard]] const DriverTimes& times() const { return times_; }

private:
    Driver(std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options,
           DriverPorts ports)
        : chain_{std::move(chain)},
          store_{store},
          options_{std::move(options)},
          ports_{std::move(ports)} {}

    void begin_measuring() {
        if (ports_.cpu) cpu_ = ports_.cpu();
    }
    template <class Step>
    void measure(std::string_view what, bool exempt, Step step);
    void run(Group group, Turn& turn, Now now);
    void halt(const StoreError& error, Now now);
    void tell_halted();
    void recover(Now now);
    void publish(ViewPtr view);
    [[nodiscard]] Result<Committed, OpenError> open_node(Now now);

    std::shared_ptr<const ChainParams> chain_;
    Store& store_;
    NodeOptions options_;
    DriverPorts ports_;
    std::unique_ptr<Node> node_;
    ViewPtr view_;
    bool mining_ = false;
    Tick next_tick_ = 0;
    Tick next_recovery_ = 0;
    Tick next_check_ = 0;
    StoreError trouble_;               // while there is no node
    std::uint64_t cpu_ = 0;            // of this thread, after the last step
    std::uint32_t largest_moved_ = 0;  // transactions of a block
    DriverTimes times_;
};

}  // namespace cairn
