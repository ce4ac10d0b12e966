#include "ledger/pool.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

#include "core/base/ensure.hpp"
#include "core/primitives/coins.hpp"

namespace cairn {
namespace {

constexpr UnixSeconds kFloorHalving = 3600;
constexpr unsigned kFloorHalvings = 12;  // then it is gone

std::uint64_t per_rate_bytes(const FeeRate& rate) { return rate.fee * kRateBytes / rate.size; }

FeeRate rate_of(const CheckedTransfer& transfer) {
    return {transfer.fee(), transfer.bytes().size()};
}

std::string coins(std::uint64_t units) { return format_coin_units(units) + " coins"; }

}  // namespace

bool Pool::BestFirst::operator()(const Rank& a, const Rank& b) const {
    if (a.rate != b.rate) return a.rate > b.rate;
    return std::tie(a.order, a.sender) < std::tie(b.order, b.sender);
}

bool Pool::WorstFirst::operator()(const Rank& a, const Rank& b) const {
    if (a.executable != b.executable) return !a.executable;
    if (a.rate != b.rate) return a.rate < b.rate;
    return std::tie(b.order, a.sender) < std::tie(a.order, b.sender);
}

Pool::Rank Pool::head_rank(const Queue& queue, const Entry& entry) {
    return {entry.transfer->nonce() < queue.end, rate_of(*entry.transfer), entry.order,
            entry.transfer->sender()};
}

Pool::Rank Pool::tail_rank(const Queue& queue, const Entry& entry) {
    return {entry.transfer->nonce() < queue.end, entry.worth, entry.order,
            entry.transfer->sender()};
}

void Pool::revalue(Queue& queue, std::map<std::uint64_t, Entry>::iterator at) {
    for (bool first = true; at != queue.entries.end(); ++at, first = false) {
        FeeRate worth = rate_of(*at->second.transfer);
        if (at != queue.entries.begin()) worth = std::min(worth, std::prev(at)->second.worth);
        if (!first && worth == at->second.worth) return;
        at->second.worth = worth;
    }
}

void Pool::unrank(const Queue& queue) {
    if (queue.entries.empty()) return;
    tails_.erase(tail_rank(queue, queue.entries.rbegin()->second));
    if (queue.end > queue.first) heads_.erase(head_rank(queue, queue.entries.begin()->second));
}

void Pool::rerank(const Address& sender) {
    const auto place = queues_.find(sender);
    if (place == queues_.end()) return;
    Queue& queue = place->second;
    if (queue.entries.empty()) {
        queues_.erase(place);
        return;
    }
    tails_.insert(tail_rank(queue, queue.entries.rbegin()->second));
    if (queue.end > queue.first) heads_.insert(head_rank(queue, queue.entries.begin()->second));
}

/// Puts an entry where its nonce belongs. The queue is out of the rankings.
void Pool::insert(Pending entry, Queue& queue, Staged& rows, bool store) {
    const CheckedTransfer& transfer = *entry.transfer;
    const std::size_t size = transfer.bytes().size();
    by_id_.emplace(transfer.id(), std::pair{transfer.sender(), transfer.nonce()});
    bytes_ += size;
    future_bytes_ += size;
    queue.cost += transfer.cost();
    if (store) tables::put_pending(rows, entry);
    const auto place =
        queue.entries.insert_or_assign(transfer.nonce(), Entry{std::move(entry), {}}).first;
    revalue(queue, place);
    for (auto next = queue.entries.find(queue.end);
         next != queue.entries.end() && next->first == queue.end; ++next) {
        future_bytes_ -= next->second.transfer->bytes().size();
        ++queue.end;
    }
}

/// Takes an entry out; those after it become future. The queue is out of the rankings.
void Pool::remove(Queue& queue, std::uint64_t nonce, Staged& rows) {
    const auto place = queue.entries.find(nonce);
    ENSURE(place != queue.entries.end());
    const CheckedTransfer& transfer = *place->second.transfer;
    if (nonce < queue.end) {
        for (auto after = place; after != queue.entries.end() && after->first < queue.end; ++after)
            future_bytes_ += after->second.transfer->bytes().size();
        queue.end = std::max(nonce, queue.first);
    }
    bytes_ -= transfer.bytes().size();
    future_bytes_ -= transfer.bytes().size();
    queue.cost -= transfer.cost();
    by_id_.erase(transfer.id());
    tables::erase_pending(rows, place->second);
    revalue(queue, queue.entries.erase(place));
}

void Pool::forget_dropped(const Txid& id, Staged& rows) {
    if (tables::erase_dropped(rows, id) && dropped_count_ > 0) --dropped_count_;
}

void Pool::drop(Pending entry, std::string reason, Staged& rows, std::vector<Dropped>* log) {
    const Dropped dropped{std::move(entry.transfer), std::move(reason)};
    forget_dropped(dropped.transfer->id(), rows);
    tables::put_dropped(rows, next_dropped_++, dropped);
    ++dropped_count_;
    if (dropped_count_ > kDroppedMax) {
        for (const auto order :
             tables::dropped_orders(rows, dropped_count_ - kDroppedMax, oldest_dropped_)) {
            tables::erase_dropped_order(rows, order);
            oldest_dropped_ = order + 1;
            --dropped_count_;
        }
    }
    if (log != nullptr) log->push_back(dropped);
}

std::uint64_t Pool::floor(UnixSeconds now) const {
    const UnixSeconds passed = now > raised_at_ ? now - raised_at_ : 0;
    const unsigned halvings = passed / kFloorHalving;
    const std::uint64_t raised = halvings >= kFloorHalvings ? 0 : raised_floor_ >> halvings;
    return std::max(limits_.min_fee_rate, raised);
}

PoolSize Pool::size(UnixSeconds now) const { return {by_id_.size(), bytes_, floor(now)}; }

TransferPtr Pool::find(const Txid& id) const {
    const auto place = by_id_.find(id);
    if (place == by_id_.end()) return nullptr;
    return queues_.at(place->second.first).entries.at(place->second.second).transfer;
}

std::uint64_t Pool::next_nonce(const Address& sender, std::uint64_t account) const {
    const auto place = queues_.find(sender);
    return place == queues_.end() ? account : std::max(account, place->second.end);
}

std::size_t Pool::load(const AccountReader& accounts, UnixSeconds now, Staged& rows) {
    std::size_t bad = 0;
    std::optional<std::uint64_t> from = 0;
    while (from) {
        auto page = tables::pending_from(rows, *from, Bounds{});
        for (auto& entry : page.entries) {
            next_order_ = entry.order + 1;
            const CheckedTransfer& transfer = *entry.transfer;
            const Address sender = transfer.sender();
            const auto [place, fresh] = queues_.try_emplace(sender);
            Queue& queue = place->second;
            if (fresh) {
                const Account account = accounts(sender);
                queue.first = queue.end = account.nonce;
                queue.balance = account.balance;
            }
            // A row whose bytes are not those that were admitted is not known by its id.
            if (tables::pending_order(rows, transfer.id()) != entry.order ||
                transfer.nonce() < queue.first || queue.entries.contains(transfer.nonce())) {
                page.undecodable.push_back(tables::pending_key(entry.order));
                rerank(sender);
                continue;
            }
            unrank(queue);
            insert(std::move(entry), queue, rows, false);
            rerank(sender);
        }
        for (auto& key : page.undecodable) rows.erase(Table::pool, std::move(key));
        bad += page.undecodable.size();
        from = page.next;
    }
    if (bad > 0) {  // what the bad rows were listed under cannot be told from them
        tables::erase_pending_index(rows);
        for (const auto& [sender, queue] : queues_)
            for (const auto& [nonce, entry] : queue.entries) tables::put_pending(rows, entry);
    }
    const auto dropped = tables::dropped_orders(rows, 2 * kDroppedMax);
    dropped_count_ = dropped.size();
    if (!dropped.empty()) next_dropped_ = dropped.back() + 1;
    tables::expire_idempotency(rows, now, 10'000);
    return bad;
}

/// Every rule but that of room.
std::optional<Rejection> Pool::refuse(const CheckedTransfer& transfer, const Account& sender,
                                      const Queue* queue, UnixSeconds now, bool returning) const {
    if (by_id_.contains(transfer.id()))
        return Rejection{Rule::already_known, "a new transfer", transfer.id().to_string()};
    if (transfer.nonce() < sender.nonce)
        return Rejection{Rule::nonce_used, "a nonce of at least " + std::to_string(sender.nonce),
                         std::to_string(transfer.nonce())};
    const std::uint64_t next = queue != nullptr ? queue->end : sender.nonce;
    if (transfer.nonce() > next && transfer.nonce() - next > limits_.future_per_sender)
        return Rejection{Rule::nonce_distant,
                         "a nonce of " + std::to_string(next) + " to " +
                             std::to_string(next + limits_.future_per_sender),
                         std::to_string(transfer.nonce())};
    const FeeRate rate = rate_of(transfer);
    if (!returning && rate < FeeRate{floor(now), kRateBytes})
        return Rejection{
            Rule::fee_floor,
            "a fee of at least " +
                coins((floor(now) * transfer.bytes().size() + kRateBytes - 1) / kRateBytes),
            coins(transfer.fee())};

    std::uint64_t others = queue != nullptr ? queue->cost : 0;
    if (queue != nullptr) {
        if (const auto old = queue->entries.find(transfer.nonce()); old != queue->entries.end()) {
            const CheckedTransfer& replaced = *old->second.transfer;
            others -= replaced.cost();
            const std::uint64_t least =
                replaced.fee() + std::max<std::uint64_t>(1, (replaced.fee() + 9) / 10);
            if (transfer.fee() < least || rate < rate_of(replaced))
                return Rejection{Rule::replacement_fee,
                                 "a fee of at least " + coins(least) +
                                     " and no lower fee rate to replace " +
                                     replaced.id().to_string(),
                                 coins(transfer.fee())};
        }
    }
    if (sender.balance < transfer.cost())
        return Rejection{Rule::overdraft, "a balance of at least " + coins(transfer.cost()),
                         coins(sender.balance)};
    if (sender.balance < others + transfer.cost())
        return Rejection{Rule::pool_balance,
                         "a balance of at least " + coins(others + transfer.cost()) +
                             ", this and all pending transfers of the sender",
                         coins(sender.balance)};
    return std::nullopt;
}

/// Who must leave so that `transfer` fits; refuses if somebody worth as much would have to.
Result<std::vector<Txid>, Rejection> Pool::room_for(const CheckedTransfer& transfer,
                                                    bool executable, std::size_t freed) const {
    const std::size_t size = transfer.bytes().size();
    const auto full = [&](Rule rule, const std::string& expected) {
        return fail(Rejection{rule, expected,
                              coins(transfer.fee()) + " for " + std::to_string(size) + " bytes"});
    };
    if (!executable && future_bytes_ + size - std::min(freed, future_bytes_) > limits_.bytes / 10)
        return full(Rule::pool_full, "room among the transfers whose turn has not come");
    std::vector<Txid> victims;
    std::size_t used = bytes_ - freed + size;
    if (used <= limits_.bytes) return victims;

    // What it stands on bounds what it is worth.
    FeeRate worth = rate_of(transfer);
    if (const auto own = queues_.find(transfer.sender()); own != queues_.end())
        if (const auto after = own->second.entries.lower_bound(transfer.nonce());
            after != own->second.entries.begin())
            worth = std::min(worth, std::prev(after)->second.worth);

    // Walk the tails worst first; behind a tail that would go stands the entry before it.
    const auto later = [](const Rank& a, const Rank& b) { return WorstFirst{}(b, a); };
    std::priority_queue<Rank, std::vector<Rank>, decltype(later)> uncovered{later};
    std::map<Address, std::uint64_t> cut;  // nonce from which a sender's entries would go
    auto listed = tails_.begin();
    while (used > limits_.bytes) {
        if (listed == tails_.end() && uncovered.empty())
            return full(Rule::pool_full, "a transfer that fits the pool");
        Rank worst;
        if (uncovered.empty() ||
            (listed != tails_.end() && WorstFirst{}(*listed, uncovered.top()))) {
            worst = *listed++;
        } else {
            worst = uncovered.top();
            uncovered.pop();
        }
        if (worst.sender == transfer.sender()) continue;  // its own chain is what it stands on
        const Queue& queue = queues_.at(worst.sender);
        const bool gives_way = executable == worst.executable ? worst.rate < worth : executable;
        if (!gives_way)
            return full(Rule::pool_full, "a fee rate above that of the cheapest transfer, " +
                                             std::to_string(per_rate_bytes(worst.rate)) +
                                             " units per 1,000 bytes");
        auto entry = cut.contains(worst.sender) ? queue.entries.find(cut[worst.sender])
                                                : queue.entries.end();
        --entry;
        cut[worst.sender] = entry->first;
        victims.push_back(entry->second.transfer->id());
        used -= entry->second.transfer->bytes().size();
        if (entry != queue.entries.begin())
            uncovered.push(tail_rank(queue, std::prev(entry)->second));
    }
    return victims;
}

Result<Admitted, Rejection> Pool::add(TransferPtr transfer, const Account& sender, UnixSeconds now,
                                      Staged& rows) {
    return admit(std::move(transfer), sender, now, false, rows);
}

Result<Admitted, Rejection> Pool::admit(TransferPtr transfer, const Account& sender,
                                        UnixSeconds now, bool returning, Staged& rows) {
    const Address who = transfer->sender();
    const auto known = queues_.find(who);
    const Queue* standing = known == queues_.end() ? nullptr : &known->second;
    if (auto refused = refuse(*transfer, sender, standing, now, returning))
        return fail(std::move(*refused));
    const std::uint64_t end = standing != nullptr ? standing->end : sender.nonce;
    const bool executable = transfer->nonce() <= end;
    std::size_t freed = 0;
    if (standing != nullptr)
        if (const auto old = standing->entries.find(transfer->nonce());
            old != standing->entries.end())
            freed = old->second.transfer->bytes().size();
    auto victims = room_for(*transfer, executable, freed);
    if (!victims) return fail(std::move(victims.error()));

    Admitted admitted{transfer, executable, false, {}};
    for (const auto& victim : *victims) {
        const auto [owner, nonce] = by_id_.at(victim);
        Queue& queue = queues_.at(owner);
        unrank(queue);
        Entry entry = queue.entries.at(nonce);
        if (nonce < queue.end) {
            raised_floor_ = std::max(floor(now), per_rate_bytes(entry.worth) + 1);
            raised_at_ = now;
        }
        remove(queue, nonce, rows);
        rerank(owner);
        drop(std::move(entry), "the pool was full and others paid more", rows, nullptr);
        admitted.displaced.push_back(victim);
    }
    auto [place, fresh] = queues_.try_emplace(who);
    Queue& queue = place->second;
    if (fresh) queue.first = queue.end = sender.nonce;
    queue.balance = sender.balance;
    unrank(queue);
    Pending entry{next_order_++, now, std::move(transfer)};
    if (const auto old = queue.entries.find(entry.transfer->nonce()); old != queue.entries.end()) {
        Pending replaced = old->second;
        admitted.displaced.push_back(replaced.transfer->id());
        remove(queue, replaced.transfer->nonce(), rows);
        drop(std::move(replaced), "replaced by " + entry.transfer->id().to_string(), rows, nullptr);
    }
    forget_dropped(entry.transfer->id(), rows);
    insert(std::move(entry), queue, rows, true);
    rerank(who);
    return admitted;
}

/// Brings one sender's queue in line with its account.
void Pool::refresh(const Address& sender, const Account& account,
                   const std::unordered_map<Txid, BlockHash>& confirmed, Staged& rows,
                   Settled& result) {
    const auto place = queues_.find(sender);
    if (place == queues_.end()) return;
    Queue& queue = place->second;
    unrank(queue);

    // Taken out and put back, so that the executable run is worked out anew from the account's
    // nonce.
    std::vector<Pending> kept;
    while (!queue.entries.empty()) {
        Pending entry = std::move(queue.entries.begin()->second);
        queue.entries.erase(queue.entries.begin());
        const CheckedTransfer& transfer = *entry.transfer;
        const std::size_t size = transfer.bytes().size();
        bytes_ -= size;
        if (transfer.nonce() >= queue.end) future_bytes_ -= size;
        by_id_.erase(transfer.id());
        const bool mined = confirmed.contains(transfer.id());
        if (!mined && transfer.nonce() >= account.nonce) {
            kept.push_back(std::move(entry));
            continue;
        }
        tables::erase_pending(rows, entry);
        if (mined) {
            result.confirmed.push_back(transfer.id());
            continue;
        }
        drop(std::move(entry),
             "nonce " + std::to_string(transfer.nonce()) +
                 " was taken by another transfer of the sender",
             rows, &result.dropped);
    }
    queue.first = queue.end = account.nonce;
    queue.balance = account.balance;
    queue.cost = 0;
    for (auto& entry : kept) insert(std::move(entry), queue, rows, false);
    while (queue.cost > queue.balance) {
        Pending entry = queue.entries.rbegin()->second;
        remove(queue, entry.transfer->nonce(), rows);
        drop(std::move(entry),
             "the sender's balance of " + coins(account.balance) + " no longer covers it", rows,
             &result.dropped);
    }
    rerank(sender);
}

Pool::Settled Pool::settle(const TipChange& change, const BlockReader& blocks,
                           const AccountReader& accounts, UnixSeconds now, Staged& rows) {
    Settled result;
    std::unordered_map<Txid, BlockHash> confirmed;
    std::set<Address> senders;
    for (const auto& hash : change.connected) {
        const BlockPtr block = blocks(hash);
        if (!block) continue;  // the store failed, and the caller's commit with it
        for (const auto& transfer : block->transfers) {
            confirmed.emplace(transfer->id(), hash);
            senders.insert(transfer->sender());
            forget_dropped(transfer->id(), rows);
        }
    }
    if (!change.disconnected.empty())  // any balance may have sunk
        for (const auto& [sender, queue] : queues_) senders.insert(sender);
    for (const auto& sender : senders) refresh(sender, accounts(sender), confirmed, rows, result);

    // Oldest first, so that each finds its predecessors in place.
    for (auto hash = change.disconnected.rbegin(); hash != change.disconnected.rend(); ++hash) {
        const BlockPtr block = blocks(*hash);
        if (!block) continue;
        for (const auto& transfer : block->transfers) {
            if (confirmed.contains(transfer->id()) || by_id_.contains(transfer->id())) continue;
            senders.insert(transfer->sender());
            const Account account = accounts(transfer->sender());
            auto added = admit(transfer, account, now, true, rows);
            // What it pays for comes before what waits behind it.
            while (!added && added.error().rule == Rule::pool_balance &&
                   drop_behind(*transfer, rows, result))
                added = admit(transfer, account, now, true, rows);
            if (added) {
                result.returned.push_back(transfer->id());
                continue;
            }
            drop(Pending{0, now, transfer}, added.error().to_string(), rows, &result.dropped);
        }
    }
    if (!change.disconnected.empty()) trim_future(senders, rows, result);
    return result;
}

/// Drops the last entry of the sender of `transfer` if its nonce is the higher; false if it is not.
bool Pool::drop_behind(const CheckedTransfer& transfer, Staged& rows, Settled& result) {
    const auto place = queues_.find(transfer.sender());
    if (place == queues_.end() || place->second.entries.rbegin()->first <= transfer.nonce())
        return false;
    drop_last(transfer.sender(),
              "the sender's balance no longer covers it and the transfer " +
                  transfer.id().to_string() + " that came back before it",
              rows, result);
    return true;
}

void Pool::drop_last(Address sender, std::string reason, Staged& rows, Settled& result) {
    Queue& queue = queues_.at(sender);
    unrank(queue);
    Pending entry = queue.entries.rbegin()->second;
    remove(queue, entry.transfer->nonce(), rows);
    rerank(sender);
    drop(std::move(entry), std::move(reason), rows, &result.dropped);
}

/// Where a nonce went back, what was executable may have become future: its bounds are asked again.
void Pool::trim_future(const std::set<Address>& senders, Staged& rows, Settled& result) {
    for (const auto& sender : senders)
        for (auto place = queues_.find(sender);
             place != queues_.end() &&
             place->second.entries.size() - (place->second.end - place->second.first) >
                 limits_.future_per_sender;
             place = queues_.find(sender))
            drop_last(sender, "too many of the sender's transfers wait behind a gap", rows, result);
    while (future_bytes_ > limits_.bytes / 10)
        drop_last(tails_.begin()->sender, "too many transfers wait behind a gap", rows, result);
}

void Pool::expire(UnixSeconds now, Staged& rows) {
    std::vector<std::pair<Address, std::uint64_t>> stale;
    for (const auto& [sender, queue] : queues_)
        for (auto entry = queue.entries.lower_bound(queue.end); entry != queue.entries.end();
             ++entry)
            if (std::uint64_t{entry->second.since} + limits_.future_seconds <= now)
                stale.emplace_back(sender, entry->first);
    for (const auto& [sender, nonce] : stale) {
        Queue& queue = queues_.at(sender);
        unrank(queue);
        Pending entry = queue.entries.at(nonce);
        remove(queue, nonce, rows);
        rerank(sender);
        drop(std::move(entry), "its nonce's turn did not come in time", rows, nullptr);
    }
    tables::expire_idempotency(rows, now, 1000);
}

std::vector<TransferPtr> Pool::best(std::size_t max_bytes) const {
    std::vector<TransferPtr> chosen;
    std::size_t bytes = 0;
    const auto later = [](const Rank& a, const Rank& b) { return BestFirst{}(b, a); };
    std::priority_queue<Rank, std::vector<Rank>, decltype(later)> successors{later};
    std::map<Address, std::uint64_t> taken;  // next nonce of a sender already begun
    auto listed = heads_.begin();
    while (listed != heads_.end() || !successors.empty()) {
        Rank next;
        if (successors.empty() ||
            (listed != heads_.end() && BestFirst{}(*listed, successors.top()))) {
            next = *listed++;
        } else {
            next = successors.top();
            successors.pop();
        }
        const Queue& queue = queues_.at(next.sender);
        const auto begun = taken.find(next.sender);
        const auto entry = queue.entries.find(begun == taken.end() ? queue.first : begun->second);
        const TransferPtr& transfer = entry->second.transfer;
        if (bytes + transfer->bytes().size() > max_bytes) {
            // Full but for crumbs: smaller ones of other senders may still fit, within reason.
            if (max_bytes - bytes < transfer_size(0)) break;
            continue;
        }
        bytes += transfer->bytes().size();
        chosen.push_back(transfer);
        taken[next.sender] = entry->first + 1;
        const auto successor = std::next(entry);
        if (successor != queue.entries.end() && successor->first < queue.end)
            successors.push(head_rank(queue, successor->second));
    }
    return chosen;
}

}  // namespace cairn
