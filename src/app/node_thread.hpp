#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "node/gate.hpp"
#include "node/node.hpp"

namespace cairn {

/// What the node's thread needs from outside, all of it called on that thread.
struct NodeThreadHooks {
    std::function<Now()> now;
    /// Makes the store writable again after a failed write; an error while it cannot be.
    std::function<Result<void, StoreError>()> recover;
    /// Whether the store can still be written to, as far as can be seen without writing. Asked once a
    /// second; what it finds is a failed write. Null: nobody looks.
    std::function<Result<void, StoreError>()> check;
    /// After each commit that changed something or gave the peers something to do, once its answers
    /// are given.
    std::function<void(const Committed&)> committed;
    /// A failed write, and the recovery from it (null).
    std::function<void(const StoreError*)> trouble;
};

/// The thread that owns the node. It drains three bounded lanes, blocks before what peers send
/// before transfers, and for each group: run, one durable write, publish the view, answer. If the
/// write fails every command of the group hears it, and the node is opened anew on the same store
/// as at start-up; until that succeeds the view says read_only and commands are refused.
class NodeThread final : public Gate {
public:
    static constexpr std::size_t kBlocksMax = 64;
    static constexpr std::size_t kPeersMax = 16384;
    static constexpr std::size_t kTransfersMax = 8192;
    static constexpr std::size_t kGroupMax = 1024;     // commands a group
    static constexpr std::size_t kPeersOfGroup = 512;  // of them, so that transfers have a turn
    static constexpr std::size_t kGroupBytes =
        32 * 1024 * 1024;  // staged; the rest is the next group's
    static constexpr Tick kTickMs = 250;
    static constexpr Tick kRecoverMs = 1000;
    static constexpr Tick kCheckMs = 1000;

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
    /// Rows of the pool that were damaged and dropped at start.
    [[nodiscard]] std::size_t bad_pool_rows() const { return bad_pool_rows_; }
    /// The same of the peers' table.
    [[nodiscard]] std::size_t bad_peer_rows() const { return bad_peer_rows_; }

private:
    using Group = std::vector<std::unique_ptr<Command>>;

    NodeThread(std::shared_ptr<const ChainParams> chain, Store& store, NodeOptions options,
               NodeThreadHooks hooks);
    void run();
    /// Waits for commands, a tick or more work; empty at the end of a tick.
    [[nodiscard]] Group take(bool more_work);
    void work_on(Group& group);
    void fail_all(Group& group, const StoreError& error);
    /// The store has failed: the node is thrown away until `recover`.
    void halt(StoreError error);
    void check_store();
    void recover();
    void publish(ViewPtr view);

    std::shared_ptr<const ChainParams> chain_;
    Store& store_;
    NodeOptions options_;
    NodeThreadHooks hooks_;
    std::unique_ptr<Node> node_;  // this thread's alone; null while the store is in trouble
    std::size_t bad_pool_rows_ = 0;
    std::size_t bad_peer_rows_ = 0;
    Tick next_tick_ = 0;
    Tick next_recovery_ = 0;
    Tick next_check_ = 0;
    StoreError trouble_;  // while there is no node

    mutable std::mutex view_mutex_;  // guards view_ only
    ViewPtr view_;
    std::mutex queue_mutex_;  // guards what follows
    std::condition_variable wake_;
    std::array<std::deque<std::unique_ptr<Command>>, kLanes> lanes_;
    bool stopping_ = false;
    bool mining_ = false;
    bool mining_changed_ = false;

    std::thread thread_;
};

}  // namespace cairn
