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
/// a block alone. What waits is what was asked of peers, and bounded by that.
class CheckPool {
public:
    /// Hands a verdict to the node; false: try again later. Called on a thread of the pool.
    using Deliver = std::function<bool(const net::Checked&)>;

    CheckPool(std::shared_ptr<const ChainParams> chain, KnownIds& known, Deliver deliver,
              unsigned threads);
    ~CheckPool();
    CheckPool(const CheckPool&) = delete;
    CheckPool& operator=(const CheckPool&) = delete;

    /// Any thread.
    void add(net::Check check);
    /// Ends what is being checked, forgets what waits.
    void stop();

private:
    void run();
    [[nodiscard]] net::Checked check(const net::Check& what) const;
    void deliver(const net::Checked& checked);

    const std::shared_ptr<const ChainParams> chain_;
    KnownIds& known_;
    const Deliver deliver_;

    std::mutex mutex_;  // guards what follows
    std::condition_variable wake_;
    std::deque<net::Check> waiting_;
    bool stopping_ = false;

    std::vector<std::thread> threads_;
};

}  // namespace cairn
