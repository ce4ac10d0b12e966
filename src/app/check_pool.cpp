#include "app/check_pool.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace cairn {
namespace {

constexpr std::chrono::milliseconds kAgain{10};
/// A transfer of 159 bytes takes some 600 of memory once it is checked, beside the bytes.
constexpr std::size_t kGrown = 5;

}  // namespace

struct CheckPool::Count {
    std::mutex mutex;
    std::condition_variable wake;
    std::size_t held = 0;  // bytes of what is being checked or was not yet taken by the node
};

CheckPool::CheckPool(std::shared_ptr<const ChainParams> chain, KnownIds& known, Deliver deliver,
                     unsigned threads, std::size_t bytes)
    : chain_{std::move(chain)},
      known_{known},
      deliver_{std::move(deliver)},
      bytes_{bytes},
      count_{std::make_shared<Count>()} {
    for (unsigned i = 0; i < std::max(1U, threads); ++i) threads_.emplace_back([this] { run(); });
}

CheckPool::~CheckPool() { stop(); }

void CheckPool::stop() {
    {
        const std::lock_guard lock{count_->mutex};
        stopping_ = true;
        waiting_.clear();
        waiting_bytes_ = 0;
    }
    count_->wake.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void CheckPool::add(net::Check check) {
    {
        const std::lock_guard lock{count_->mutex};
        if (stopping_) return;
        waiting_bytes_ += check.bytes->size();
        waiting_.push_back(std::move(check));
    }
    count_->wake.notify_one();
}

bool CheckPool::is_behind() const {
    const std::lock_guard lock{count_->mutex};
    return waiting_bytes_ > bytes_ / 4;
}

void CheckPool::run() {
    for (;;) {
        net::Check next;
        std::size_t cost = 0;
        {
            std::unique_lock lock{count_->mutex};
            count_->wake.wait(lock, [&] {
                if (stopping_) return true;
                if (waiting_.empty()) return false;
                cost = kGrown * waiting_.front().bytes->size();
                return count_->held == 0 || count_->held + cost <= bytes_;
            });
            if (stopping_) return;
            next = std::move(waiting_.front());
            waiting_.pop_front();
            waiting_bytes_ -= next.bytes->size();
            count_->held += cost;
        }
        const Held held{nullptr, [count = count_, cost](void*) {
                            {
                                const std::lock_guard lock{count->mutex};
                                count->held -= cost;
                            }
                            count->wake.notify_all();
                        }};
        deliver(check(next), held);
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

void CheckPool::deliver(const net::Checked& checked, const Held& held) {
    // The node is behind: that the pool waits is what slows the peers.
    while (!deliver_(checked, held)) {
        std::unique_lock lock{count_->mutex};
        if (count_->wake.wait_for(lock, kAgain, [this] { return stopping_; })) return;
    }
}

}  // namespace cairn
