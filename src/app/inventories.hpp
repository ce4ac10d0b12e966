#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "api/nodes_desk.hpp"
#include "core/base/memory_budget.hpp"
#include "core/primitives/time.hpp"
#include "net/node_address.hpp"

namespace cairn {

struct InventoryLimits {
    long answer_ms = 5000;                // for one node's whole answer, names looked up included
    std::size_t node_bytes = 10'000'000;  // of one node's answer
    std::size_t round_bytes = 8'000'000;  // kept of all
    std::size_t at_once = 64;             // nodes asked at one time
    Tick kept_ms = 2000;                  // how long a round's answers do for the next caller
    std::size_t waiting = 1024;           // callers
};

/// Asks nodes for `/inv` over HTTP, all at once, one round at a time: callers that name the same
/// nodes share a round, and its answers for a while after it. The address a name leads to is looked
/// at when it is connected to; no redirect is followed, no proxy asked, nothing but HTTP spoken.
/// What comes is parsed strictly and written anew. One thread of its own; any may ask.
class InventoryRounds {
public:
    using Done = NodesDesk::Done<Inventories>;
    using Clock = std::function<Now()>;

    /// `memory` bounds the rounds that are kept or still being read by somebody; null: nothing
    /// does.
    explicit InventoryRounds(Clock clock, InventoryLimits limits = {},
                             std::shared_ptr<MemoryBudget> memory = nullptr);
    ~InventoryRounds();
    InventoryRounds(const InventoryRounds&) = delete;
    InventoryRounds& operator=(const InventoryRounds&) = delete;

    /// `done` is called once, on the own thread or, when refused, on the caller's.
    void ask(std::vector<net::NodeAddress> nodes, Done done);
    /// Ends the round under way and answers who waits with a failure.
    void stop();

private:
    using Nodes = std::vector<net::NodeAddress>;
    struct Caller {
        Nodes nodes;
        Done done;
    };

    void run();
    /// What was answered, or why not: the node stops, or memory is short.
    [[nodiscard]] Result<Inventories, NodesFailure> ask_all(const Nodes& nodes);
    [[nodiscard]] bool is_stopping() const;

    const Clock clock_;
    const InventoryLimits limits_;
    const std::shared_ptr<MemoryBudget> memory_;
    void* const multi_;  // libcurl's; may be null if there is no memory

    mutable std::mutex mutex_;  // guards what follows, never held while calling out
    std::condition_variable wake_;
    std::deque<Caller> callers_;
    bool stopping_ = false;

    std::thread thread_;
};

}  // namespace cairn
