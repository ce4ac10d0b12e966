#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/known_ids.hpp"
#include "core/consensus/chain_spec.hpp"
#include "net/actions.hpp"

namespace cairn {

/// Checks bodies that peers sent, outside the node's thread: all that can be asked of a transfer or
/// a block alone. What waits is what was asked of peers, and bounded by that. A checked block is
/// five times as large as its bytes: another is begun only if it and those that the node has not
/// yet taken fit into `bytes`, or if there is none of them.
class CheckPool {
public:
    /// Keeps what was checked counted until the node is done with it.
    using Held = std::shared_ptr<void>;
    /// Hands a verdict to the node; false: try again later. Called on a thread of the pool.
    using Deliver = std::function<bool(const net::Checked&, Held)>;
    static constexpr std::size_t kBytes = 80 * 1024 * 1024;

    CheckPool(std::shared_ptr<const ChainParams> chain, KnownIds& known, Deliver deliver,
              unsigned threads, std::size_t bytes = kBytes);
    ~CheckPool();
    CheckPool(const CheckPool&) = delete;
    CheckPool& operator=(const CheckPool&) = delete;

    /// Any thread.
    void add(net::Check check);
    /// Whether more waits than is good: then it is better to read nothing more of peers.
    [[nodiscard]] bool is_behind() const;
    /// Ends what is being checked, forgets what waits.
    void stop();

private:
    /// What is counted of bodies, and outlives the pool while the node holds some.
    struct Count;

    void run();
    [[nodiscard]] net::Checked check(const net::Check& what) const;
    void deliver(const net::Checked& checked, const Held& held);

    const std::shared_ptr<const ChainParams> chain_;
    KnownIds& known_;
    const Deliver deliver_;
    const std::size_t bytes_;
    const std::shared_ptr<Count> count_;

    std::deque<net::Check> waiting_;  // guarded by the count's mutex, as what follows
    std::size_t waiting_bytes_ = 0;
    bool stopping_ = false;

    std::vector<std::thread> threads_;
};

}  // namespace cairn
