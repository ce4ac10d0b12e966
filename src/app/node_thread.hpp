#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "node/driver.hpp"

namespace cairn {

/// What the node's thread needs from outside, all of it called on that thread but `now`, which any
/// thread calls. See `DriverPorts`.
struct NodeThreadHooks {
    std::function<Now()> now;
    std::function<Result<void, StoreError>()> recover;
    std::function<Result<void, StoreError>()> check;  // may be null
    std::function<void(const Committed&)> committed;
    std::function<void(const StoreError*)> trouble;
    /// CPU that the calling thread has used, in nanoseconds; null: nothing is measured.
    std::function<std::uint64_t()> cpu;
    /// As `DriverPorts::late`.
    std::function<void(std::string_view what, std::uint64_t took)> late = {};
};

/// The thread that owns the node: it drains the lanes through a `Driver`, which decides all else.
class NodeThread final : public Gate {
public:
    static Result<std::unique_ptr<NodeThread>, OpenError> start(
        std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options,
        NodeThreadHooks hooks);
    ~NodeThread() override;
    NodeThread(const NodeThread&) = delete;
    NodeThread& operator=(const NodeThread&) = delete;

    [[nodiscard]] bool post(Lane lane, std::unique_ptr<Command> command) override;
    [[nodiscard]] ViewPtr view() const override;
    /// Whether commits make templates. Any thread; takes effect with the next group.
    void set_mining(bool on);
    /// Runs what waits, then ends. Commands posted later are refused.
    void stop();
    /// How long the thread's steps took. Any thread.
    [[nodiscard]] const DriverTimes& times() const { return driver_->times(); }
    /// Rows of the pool that were damaged and dropped at start.
    [[nodiscard]] std::size_t bad_pool_rows() const { return bad_pool_rows_; }
    /// The same of the peers' table.
    [[nodiscard]] std::size_t bad_peer_rows() const { return bad_peer_rows_; }

private:
    explicit NodeThread(std::function<Now()> now) : now_{std::move(now)} {}
    void run();
    /// Waits for commands, a tick or more work; empty at the end of a tick.
    [[nodiscard]] Group take();
    void give_back(std::vector<QueuedCommand> rest);

    const std::function<Now()> now_;
    std::unique_ptr<Driver> driver_;  // its times apart, this thread's alone once it runs
    std::size_t bad_pool_rows_ = 0;
    std::size_t bad_peer_rows_ = 0;

    mutable std::mutex view_mutex_;  // guards view_ only
    ViewPtr view_;
    std::mutex queue_mutex_;  // guards what follows
    std::condition_variable wake_;
    Lanes lanes_;
    bool stopping_ = false;
    bool mining_ = false;
    bool mining_changed_ = false;

    std::thread thread_;
};

}  // namespace cairn
