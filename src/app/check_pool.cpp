#include "app/check_pool.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace cairn {
namespace {

constexpr std::chrono::milliseconds kAgain{10};

}  // namespace

CheckPool::CheckPool(std::shared_ptr<const ChainParams> chain, KnownIds& known, Deliver deliver,
                     unsigned threads)
    : chain_{std::move(chain)}, known_{known}, deliver_{std::move(deliver)} {
    for (unsigned i = 0; i < std::max(1U, threads); ++i) threads_.emplace_back([this] { run(); });
}

CheckPool::~CheckPool() { stop(); }

void CheckPool::stop() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        waiting_.clear();
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void CheckPool::add(net::Check check) {
    {
        const std::lock_guard lock{mutex_};
        if (stopping_) return;
        waiting_.push_back(std::move(check));
    }
    wake_.notify_one();
}

void CheckPool::run() {
    for (;;) {
        net::Check next;
        {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
            if (stopping_) return;
            next = std::move(waiting_.front());
            waiting_.pop_front();
        }
        deliver(check(next));
    }
}

net::Checked CheckPool::check(const net::Check& what) const {
    net::Checked checked{what.from, what.what, Rejection{}};
    if (what.what.kind == net::ItemKind::block) {
        auto block =
            check_block(what.bytes, *chain_, [this](const Txid& id) { return known_.find(id); });
        if (block)
            checked.outcome = std::move(*block);
        else
            checked.outcome = std::move(block.error());
        return checked;
    }
    if (auto known = known_.find(digest_cast<Txid>(what.what.hash))) {
        checked.outcome = std::move(known);
        return checked;
    }
    auto transfer = check_transfer(*what.bytes, *chain_);
    if (transfer) {
        known_.add(*transfer);
        checked.outcome = std::move(*transfer);
    } else {
        checked.outcome = std::move(transfer.error());
    }
    return checked;
}

void CheckPool::deliver(const net::Checked& checked) {
    // The node is behind: that the pool waits is what slows the peers.
    while (!deliver_(checked)) {
        std::unique_lock lock{mutex_};
        if (wake_.wait_for(lock, kAgain, [this] { return stopping_; })) return;
    }
}

}  // namespace cairn
