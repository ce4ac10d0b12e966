#include <algorithm>

#include "core/base/ensure.hpp"
#include "ledger/pool.hpp"

/// How a pool follows a change of the tip: four passes, each of which stops when the call's slice
/// is used up and goes on from there.
namespace cairn {

Pool::Settled Pool::settle(TipChange change, const BlockReader& blocks,
                           const AccountReader& accounts, Now now, Staged& rows) {
    ENSURE(!is_following());
    if (senders_.empty() && dropped_.empty() && change.disconnected.empty()) return {};
    following_.emplace();
    following_->change = std::move(change);
    return go_on(blocks, accounts, now, rows);
}

Pool::Settled Pool::go_on(const BlockReader& blocks, const AccountReader& accounts, Now now,
                          Staged& rows) {
    Settled result;
    Budget budget;
    if (following_ && follow(blocks, accounts, now, rows, budget, result)) following_.reset();
    if (!following_) drop_overdue(rows, budget, result);
    return result;
}

bool Pool::follow(const BlockReader& blocks, const AccountReader& accounts, Now now, Staged& rows,
                  Budget& budget, Settled& result) {
    return look_at_connected(blocks, rows, budget) && look_at_abandoned(blocks, budget) &&
           refresh_affected(accounts, now, rows, budget, result) &&
           return_abandoned(blocks, accounts, now, rows, budget, result);
}

bool Pool::look_at_connected(const BlockReader& blocks, Staged& rows, Budget& budget) {
    Following& on = *following_;
    for (; on.connected < on.change.connected.size(); ++on.connected) {
        if (!budget.take(kBlockSteps)) return false;
        const BlockPtr block = blocks(on.change.connected[on.connected]);
        if (!block) continue;  // the store failed, and the caller's commit with it
        (void)budget.take(block->transfers.size());
        for (const auto& transfer : block->transfers) {
            on.confirmed.insert(transfer->id());
            const Address& sender = transfer->sender();
            const bool noted = !on.affected.empty() && on.affected.back() == sender;
            if (!noted && senders_.contains(sender)) on.affected.push_back(sender);
            forget_dropped(transfer->id(), rows);
        }
    }
    return true;
}

/// Who was paid there has less now, and who sent may send again.
bool Pool::look_at_abandoned(const BlockReader& blocks, Budget& budget) {
    Following& on = *following_;
    for (; on.left < on.change.disconnected.size(); ++on.left) {
        if (!budget.take(kBlockSteps)) return false;
        const BlockPtr block = blocks(on.change.disconnected[on.left]);
        if (!block) continue;
        (void)budget.take(block->transfers.size());
        for (const auto& address : touched(*block))
            if (senders_.contains(address)) on.affected.push_back(address);
    }
    return true;
}

bool Pool::refresh_affected(const AccountReader& accounts, Now now, Staged& rows, Budget& budget,
                            Settled& result) {
    Following& on = *following_;
    if (!std::exchange(on.sorted, true)) {
        std::sort(on.affected.begin(), on.affected.end());
        on.affected.erase(std::unique(on.affected.begin(), on.affected.end()), on.affected.end());
    }
    for (; on.refreshed < on.affected.size(); ++on.refreshed) {
        if (!budget.take(kRefreshSteps)) return false;
        const Address& address = on.affected[on.refreshed];
        const auto place = senders_.find(address);
        if (place == senders_.end()) continue;
        if (!refresh(place->second, accounts(address), now, rows, budget, result)) return false;
    }
    return true;
}

/// Brings one sender's queue in line with its account. Where the slice ends half way, the queue is
/// as if the blocks had taken only what has left it so far.
bool Pool::refresh(Sender& sender, const Account& account, Now now, Staged& rows, Budget& budget,
                   Settled& result) {
    PoolQueue& queue = sender.queue;
    unrank(sender);
    Account reached{queue.balance(), queue.nonce()};
    bool done = true;
    while (!queue.empty() && queue.entries().begin()->first < account.nonce) {
        done = budget.take(kDropSteps);
        if (!done) break;
        Pending entry = take(sender, queue.entries().begin()->first, rows);
        const CheckedTransfer& transfer = *entry.transfer;
        reached = {reached.balance - std::min(reached.balance, transfer.cost()),
                   transfer.nonce() + 1};
        if (following_->confirmed.contains(transfer.id())) {
            result.confirmed.push_back(transfer.id());
            continue;
        }
        std::string reason = "nonce " + std::to_string(transfer.nonce()) +
                             " was taken by another transfer of the sender";
        drop(std::move(entry), std::move(reason), rows, &result);
    }
    queue.follow(done ? account : reached, static_cast<SteadyMs>(now.steady));
    overdue_.erase(queue.sender());  // it is asked anew
    if (done && !queue.empty() && fault_of(queue, {})) overdue_.try_emplace(queue.sender());
    rerank(sender);
    return done;
}

/// Oldest first, so that each finds its predecessors in place.
bool Pool::return_abandoned(const BlockReader& blocks, const AccountReader& accounts, Now now,
                            Staged& rows, Budget& budget, Settled& result) {
    Following& on = *following_;
    const auto& abandoned = on.change.disconnected;
    for (; on.returned < abandoned.size(); ++on.returned, on.position = 0, on.block.reset()) {
        if (!budget.take(kBlockSteps)) return false;
        if (!on.block) on.block = blocks(abandoned[abandoned.size() - 1 - on.returned]);
        for (; on.block && on.position < on.block->transfers.size(); ++on.position) {
            const TransferPtr& transfer = on.block->transfers[on.position];
            if (on.confirmed.contains(transfer->id()) || index_.contains(transfer->id())) continue;
            if (!budget.take(kReturnSteps)) return false;
            return_one(transfer, accounts, now, rows, result);
        }
    }
    return true;
}

void Pool::return_one(const TransferPtr& transfer, const AccountReader& accounts, Now now,
                      Staged& rows, Settled& result) {
    const PoolQueue* queue = queue_of(transfer->sender());
    const Account account =
        queue != nullptr ? Account{queue->balance(), queue->nonce()} : accounts(transfer->sender());
    if (auto added = admit(transfer, account, now, true, rows))
        result.returned.push_back(transfer->id());
    else
        drop(Pending{0, now.wall, transfer}, added.error().to_string(), rows, &result);
}

void Pool::drop_overdue(Staged& rows, Budget& budget, Settled& result) {
    while (!overdue_.empty()) {
        const auto [address, overdue] = *overdue_.begin();
        auto place = senders_.find(address);
        while (place != senders_.end()) {
            auto reason = fault_of(place->second.queue, overdue);
            if (!reason) break;
            if (!budget.take(kDropSteps)) return;
            drop_last(place->second, std::move(*reason), rows, &result);
            place = senders_.find(address);
        }
        overdue_.erase(overdue_.begin());
        if (place == senders_.end()) continue;
        unrank(place->second);
        rerank(place->second);
    }
    while (is_over() && budget.take(kDropSteps)) {
        const bool future = future_memory_ > limits_.bytes / kFutureShare;
        drop_last(*tails_.begin()->sender,
                  future ? "too many transfers wait behind a gap"
                         : "the pool was full and others paid more",
                  rows, &result);
    }
}

}  // namespace cairn
