#include "ledger/pool.hpp"

#include <algorithm>
#include <queue>
#include <tuple>

#include "core/base/ensure.hpp"
#include "core/primitives/coins.hpp"

namespace cairn {
namespace {

constexpr Tick kFloorHalving = 3'600'000;
constexpr Tick kFloorHalvings = 12;  // then it is gone

std::uint64_t per_rate_bytes(const FeeRate& rate) { return rate.fee * kRateBytes / rate.size; }

std::string coins(std::uint64_t units) { return format_coin_units(units) + " coins"; }

SteadyMs steady_of(Now now) { return static_cast<SteadyMs>(now.steady); }

}  // namespace

bool Pool::BestFirst::operator()(const Rank& a, const Rank& b) const {
    if (a.rate != b.rate) return a.rate > b.rate;
    return a.order < b.order;
}

bool Pool::WorstFirst::operator()(const Rank& a, const Rank& b) const {
    if (a.executable != b.executable) return !a.executable;
    if (a.rate != b.rate) return a.rate < b.rate;
    return b.order < a.order;
}

bool Pool::OldestFirst::operator()(const Element& a, const Element& b) const {
    return std::tie(a.first, a.second->queue.sender()) <
           std::tie(b.first, b.second->queue.sender());
}

std::size_t Pool::memory_for(const CheckedTransfer& transfer) {
    return entry_memory(transfer) + kSenderMemory + kGrowth;
}

Pool::Rank Pool::head_rank(Sender& sender, const Pending& entry) {
    return {true, rate_of(*entry.transfer), entry.order, &sender};
}

Pool::Rank Pool::tail_rank(Sender& sender, const Pending& entry, FeeRate worth) {
    return {entry.transfer->nonce() < sender.queue.end(), worth, entry.order, &sender};
}

const PoolQueue* Pool::queue_of(const Address& address) const {
    const auto place = senders_.find(address);
    return place == senders_.end() ? nullptr : &place->second.queue;
}

Pool::Sender& Pool::open(const Address& address, const Account& account) {
    const auto [place, fresh] = senders_.try_emplace(address, address, account);
    if (fresh)
        changed_senders_.insert(address);
    else
        unrank(place->second);
    return place->second;
}

void Pool::unrank(Sender& sender) {
    if (auto place = std::exchange(sender.head, {})) heads_.erase(*place);
    if (auto place = std::exchange(sender.tail, {})) tails_.erase(*place);
    if (auto place = std::exchange(sender.wait, {})) waits_.erase(*place);
    memory_ -= kSenderMemory + sender.queue.memory();
    future_memory_ -= sender.queue.future_memory();
    changed_senders_.insert(sender.queue.sender());
}

void Pool::rerank(Sender& sender) {
    PoolQueue& queue = sender.queue;
    if (queue.empty()) {
        senders_.erase(senders_.find(queue.sender()));
    } else {
        memory_ += kSenderMemory + queue.memory();
        future_memory_ += queue.future_memory();
        sender.tail =
            tails_.insert(tail_rank(sender, queue.entries().rbegin()->second, queue.worth())).first;
        const bool overdue = !overdue_.empty() && overdue_.contains(queue.sender());
        if (queue.executable() > 0 && !overdue)
            sender.head = heads_.insert(head_rank(sender, queue.entries().begin()->second)).first;
        if (const auto since = queue.waiting_since())
            sender.wait = waits_.emplace(*since, &sender).first;
    }
    if (memory_ <= limits_.bytes / 2) raised_floor_ = 0;
}

void Pool::note(const Pending& entry, std::int32_t change) {
    const std::uint64_t part = entry.order / kOrdersPart;
    const auto place = arrivals_.try_emplace(part, 0).first;
    place->second += static_cast<std::uint32_t>(change);
    if (place->second == 0) arrivals_.erase(place);
    changed_arrivals_.insert(part);
}

void Pool::put(Sender& sender, Pending entry, SteadyMs since) {
    const CheckedTransfer& transfer = *entry.transfer;
    bytes_ += transfer.bytes().size();
    memory_ += entry_memory(transfer);
    note(entry, 1);
    index_.insert(sender.queue.insert(std::move(entry), since));
}

void Pool::replace(Sender& sender, Pending entry, Staged& rows) {
    const std::uint64_t nonce = entry.transfer->nonce();
    const Pending& before = *sender.queue.find(nonce);
    index_.erase(before.transfer->id());
    note(before, -1);
    note(entry, 1);
    bytes_ += entry.transfer->bytes().size();
    memory_ += entry_memory(*entry.transfer);
    tables::erase_pending(rows, before);
    tables::put_pending(rows, entry);
    std::string reason = "replaced by " + entry.transfer->id().to_string();
    Pending old = sender.queue.replace(std::move(entry));
    bytes_ -= old.transfer->bytes().size();
    memory_ -= entry_memory(*old.transfer);
    index_.insert(*sender.queue.find(nonce));
    drop(std::move(old), std::move(reason), rows, nullptr);
}

Pending Pool::take(Sender& sender, std::uint64_t nonce, Staged& rows) {
    index_.erase(sender.queue.find(nonce)->transfer->id());
    Pending entry = sender.queue.take(nonce);
    bytes_ -= entry.transfer->bytes().size();
    memory_ -= entry_memory(*entry.transfer);
    note(entry, -1);
    tables::erase_pending(rows, entry);
    return entry;
}

void Pool::forget_dropped(const Txid& id, Staged& rows) {
    const auto place = dropped_.find(id);
    if (place == dropped_.end()) return;
    tables::erase_dropped(rows, place->second, id);
    dropped_orders_.erase(place->second);
    dropped_.erase(place);
}

void Pool::drop(Pending entry, std::string reason, Staged& rows, Settled* log) {
    Dropped dropped{std::move(entry.transfer), std::move(reason)};
    const Txid& id = dropped.transfer->id();
    forget_dropped(id, rows);
    tables::put_dropped(rows, next_dropped_, dropped);
    dropped_.emplace(id, next_dropped_);
    dropped_orders_.emplace(next_dropped_++, id);
    while (dropped_.size() > kDroppedMax)
        forget_dropped(Txid{dropped_orders_.begin()->second}, rows);
    if (log != nullptr) log->dropped.push_back(std::move(dropped));
}

void Pool::drop_one(Sender& sender, std::uint64_t nonce, std::string reason, Staged& rows,
                    Settled* log) {
    unrank(sender);
    Pending entry = take(sender, nonce, rows);
    rerank(sender);
    drop(std::move(entry), std::move(reason), rows, log);
}

void Pool::drop_last(Sender& sender, std::string reason, Staged& rows, Settled* log) {
    drop_one(sender, sender.queue.entries().rbegin()->first, std::move(reason), rows, log);
}

std::uint64_t Pool::raised(Now now) const {
    const Tick halvings = (now.steady - std::min(now.steady, raised_at_)) / kFloorHalving;
    return halvings >= kFloorHalvings ? 0 : raised_floor_ >> halvings;
}

std::uint64_t Pool::floor(Now now) const {
    __extension__ using Wide = unsigned __int128;
    const std::size_t half = limits_.bytes / 2;
    if (memory_ <= half) return limits_.min_fee_rate;
    const std::size_t room = limits_.bytes - half;
    const auto share = Wide{raised(now)} * std::min(memory_ - half, room) / room;
    return std::max(limits_.min_fee_rate, static_cast<std::uint64_t>(share));
}

PoolSize Pool::size(Now now) const { return {index_.size(), bytes_, floor(now), memory_}; }

TransferPtr Pool::find(const Txid& id) const {
    const Pending* entry = index_.find(id);
    return entry == nullptr ? nullptr : entry->transfer;
}

std::uint64_t Pool::next_nonce(const Address& sender, std::uint64_t account) const {
    const PoolQueue* queue = queue_of(sender);
    return queue == nullptr ? account : std::max(account, queue->end());
}

/// Every rule but that of room.
std::optional<Rejection> Pool::refuse(const CheckedTransfer& transfer, const Account& account,
                                      const PoolQueue* queue, Now now, bool returning) const {
    const std::uint64_t nonce = transfer.nonce();
    if (!returning && is_following() && queue != nullptr && queue->nonce() != account.nonce)
        return Rejection{Rule::pool_full, "a pool that has followed the chain's tip",
                         "one that still follows it; try again in a second"};
    if (index_.contains(transfer.id()))
        return Rejection{Rule::already_known, "a new transfer", transfer.id().to_string()};
    if (nonce < account.nonce)
        return Rejection{Rule::nonce_used, "a nonce of at least " + std::to_string(account.nonce),
                         std::to_string(nonce)};
    const std::uint64_t next = queue != nullptr ? queue->end() : account.nonce;
    if (nonce > next && nonce - next > limits_.future_per_sender)
        return Rejection{Rule::nonce_distant,
                         "a nonce of " + std::to_string(next) + " to " +
                             std::to_string(next + limits_.future_per_sender),
                         std::to_string(nonce)};
    const Pending* old = queue != nullptr ? queue->find(nonce) : nullptr;
    if (!returning && old == nullptr && nonce - account.nonce >= limits_.executable_per_sender)
        return Rejection{Rule::sender_full,
                         "at most " + std::to_string(limits_.executable_per_sender) +
                             " transfers of a sender waiting, the last one with nonce " +
                             std::to_string(account.nonce + limits_.executable_per_sender - 1) +
                             "; the next ones can be sent when a block holds the first",
                         "nonce " + std::to_string(nonce)};
    const FeeRate rate = rate_of(transfer);
    if (!returning && rate < FeeRate{floor(now), kRateBytes})
        return Rejection{
            Rule::fee_floor,
            "a fee of at least " +
                coins((floor(now) * transfer.bytes().size() + kRateBytes - 1) / kRateBytes),
            coins(transfer.fee())};
    if (old != nullptr) {
        const CheckedTransfer& replaced = *old->transfer;
        const std::uint64_t least =
            replaced.fee() + std::max<std::uint64_t>(1, (replaced.fee() + 9) / 10);
        if (transfer.fee() < least || rate < rate_of(replaced))
            return Rejection{Rule::replacement_fee,
                             "a fee of at least " + coins(least) +
                                 " and no lower fee rate to replace " + replaced.id().to_string(),
                             coins(transfer.fee())};
    }
    if (account.balance < transfer.cost())
        return Rejection{Rule::overdraft, "a balance of at least " + coins(transfer.cost()),
                         coins(account.balance)};
    std::uint64_t others = 0;
    if (queue != nullptr) {
        // What returns comes before what waits behind it, which may have to go.
        others = returning ? queue->cost_below(nonce)
                           : queue->cost() - (old != nullptr ? old->transfer->cost() : 0);
    }
    if (account.balance < others + transfer.cost())
        return Rejection{Rule::pool_balance,
                         "a balance of at least " + coins(others + transfer.cost()) +
                             ", this and all pending transfers of the sender",
                         coins(account.balance)};
    return std::nullopt;
}

/// Who must leave so that `transfer` fits; refuses if somebody worth as much would have to.
Result<std::vector<Pool::Victim>, Rejection> Pool::room_for(const CheckedTransfer& transfer,
                                                            bool executable,
                                                            const PoolQueue* own) const {
    const Pending* old = own != nullptr ? own->find(transfer.nonce()) : nullptr;
    const auto full = [&](const std::string& expected) {
        return fail(Rejection{
            Rule::pool_full, expected,
            coins(transfer.fee()) + " for " + std::to_string(transfer.bytes().size()) + " bytes"});
    };
    std::size_t used = memory_;
    std::size_t future = 0;
    const std::size_t future_limit = limits_.bytes / kFutureShare;
    if (old != nullptr) {
        used += entry_memory(transfer) - entry_memory(*old->transfer);
        if (!executable) future = future_memory_ + memory_of(transfer) - memory_of(*old->transfer);
    } else {
        used += own != nullptr ? entry_memory(transfer) + own->growth(transfer.nonce())
                               : memory_for(transfer);
        if (!executable) future = future_memory_ + memory_of(transfer);
    }
    std::vector<Victim> victims;
    const auto fits = [&] { return used <= limits_.bytes && future <= future_limit; };
    if (fits()) return victims;
    // After a start with a lower limit, or a switch of branches: `go_on` makes room.
    if (memory_ > limits_.bytes || (!executable && future_memory_ > future_limit))
        return full("room in the pool");
    if (memory_for(transfer) > limits_.bytes || (!executable && memory_of(transfer) > future_limit))
        return full("a transfer that fits the pool");

    // What it stands on bounds what it is worth.
    FeeRate worth = rate_of(transfer);
    if (own != nullptr) worth = own->worth_behind(transfer.nonce(), worth);

    // Walk the tails worst first; behind a tail that would go stands the entry before it.
    const auto later = [](const Rank& a, const Rank& b) { return WorstFirst{}(b, a); };
    std::priority_queue<Rank, std::vector<Rank>, decltype(later)> uncovered{later};
    std::map<const Sender*, std::uint64_t> cut;  // nonce from which a sender's entries would go
    auto listed = tails_.begin();
    while (!fits()) {
        if (listed == tails_.end() && uncovered.empty()) return full("room in the pool");
        Rank worst;
        if (uncovered.empty() ||
            (listed != tails_.end() && WorstFirst{}(*listed, uncovered.top()))) {
            worst = *listed++;
        } else {
            worst = uncovered.top();
            uncovered.pop();
        }
        const PoolQueue& queue = worst.sender->queue;
        if (&queue == own) continue;  // its own chain is what it stands on
        const bool gives_way = executable == worst.executable ? worst.rate < worth : executable;
        if (!gives_way && executable != worst.executable)
            return full("a transfer whose turn has come: others fill the pool");
        if (!gives_way)
            return full("a fee rate above that of the cheapest transfer" +
                        std::string{executable ? ", " : " whose turn has not come, "} +
                        std::to_string(per_rate_bytes(worst.rate)) + " units per 1,000 bytes");
        auto entry = cut.contains(worst.sender) ? queue.entries().find(cut[worst.sender])
                                                : queue.entries().end();
        --entry;
        cut[worst.sender] = entry->first;
        const CheckedTransfer& leaving = *entry->second.transfer;
        victims.push_back({worst.sender, entry->first, worst.rate, worst.executable});
        used -= entry_memory(leaving);
        if (!worst.executable) future -= std::min(future, memory_of(leaving));
        if (entry == queue.entries().begin()) {
            used -= kSenderMemory + queue.memory();
            continue;
        }
        const Pending& before = std::prev(entry)->second;
        uncovered.push(
            tail_rank(*worst.sender, before,
                      queue.worth_behind(before.transfer->nonce(), rate_of(*before.transfer))));
    }
    return victims;
}

void Pool::evict(const Victim& victim, Now now, Staged& rows, Admitted& admitted) {
    const std::uint64_t rate = per_rate_bytes(victim.worth) + 1;
    if (victim.executable && rate > raised(now)) {
        raised_floor_ = rate;
        raised_at_ = now.steady;
    }
    unrank(*victim.sender);
    Pending entry = take(*victim.sender, victim.nonce, rows);
    rerank(*victim.sender);
    admitted.displaced.push_back(entry.transfer->id());
    drop(std::move(entry), "the pool was full and others paid more", rows, nullptr);
}

Result<Admitted, Rejection> Pool::add(TransferPtr transfer, const Account& sender, Now now,
                                      Staged& rows) {
    return admit(std::move(transfer), sender, now, false, rows);
}

Result<Admitted, Rejection> Pool::admit(TransferPtr transfer, const Account& account, Now now,
                                        bool returning, Staged& rows) {
    const Address who = transfer->sender();
    const PoolQueue* standing = queue_of(who);
    if (auto refused = refuse(*transfer, account, standing, now, returning))
        return fail(std::move(*refused));
    const bool executable =
        transfer->nonce() <= (standing != nullptr ? standing->end() : account.nonce);
    const bool replaces = standing != nullptr && standing->find(transfer->nonce()) != nullptr;
    auto victims = room_for(*transfer, executable, standing);
    if (!victims) return fail(std::move(victims.error()));

    Admitted admitted{transfer, executable, false, {}};
    for (const auto& victim : *victims) evict(victim, now, rows, admitted);
    Sender& sender = open(who, account);
    sender.queue.set_balance(account.balance);
    forget_dropped(transfer->id(), rows);
    Pending entry{next_order_++, now.wall, std::move(transfer)};
    if (replaces) {
        admitted.displaced.push_back(sender.queue.find(entry.transfer->nonce())->transfer->id());
        replace(sender, std::move(entry), rows);
    } else {
        tables::put_pending(rows, entry);
        put(sender, std::move(entry), steady_of(now));
    }
    if (returning && fault_of(sender.queue, {})) overdue_.try_emplace(who);
    rerank(sender);
    return admitted;
}

std::optional<std::string> Pool::fault_of(const PoolQueue& queue, const Overdue& overdue) const {
    if (overdue.from && queue.entries().rbegin()->first >= *overdue.from) return overdue.reason;
    if (!queue.is_covered())
        return "the sender's balance of " + coins(queue.balance()) + " no longer covers it";
    // Where a nonce went back, what was executable may have become future.
    if (queue.future() > limits_.future_per_sender)
        return "too many of the sender's transfers wait behind a gap";
    return std::nullopt;
}

bool Pool::is_over() const {
    return memory_ > limits_.bytes || future_memory_ > limits_.bytes / kFutureShare;
}

void Pool::drop_from(const CheckedTransfer& transfer, std::string reason) {
    const auto place = senders_.find(transfer.sender());
    if (place == senders_.end()) return;
    unrank(place->second);
    overdue_.insert_or_assign(transfer.sender(), Overdue{transfer.nonce(), std::move(reason)});
    rerank(place->second);
}

bool Pool::expire(Now now, Staged& rows) {
    const SteadyMs until = steady_of(now) - SteadyMs{limits_.future_seconds} * 1000;
    Budget budget;
    while (!waits_.empty() && waits_.begin()->first <= until) {
        if (!budget.take(kDropSteps)) return true;
        Sender& sender = *waits_.begin()->second;
        drop_one(sender, *sender.queue.stale(until), "its nonce's turn did not come in time", rows,
                 nullptr);
    }
    return false;
}

void Pool::stage_sums(Staged& rows) {
    for (const auto& address : std::exchange(changed_senders_, {})) {
        const PoolQueue* queue = queue_of(address);
        tables::put_waiting(rows, address,
                            queue == nullptr
                                ? std::nullopt
                                : std::optional{Waiting{queue->entries().size(), queue->end()}});
    }
    for (const auto part : std::exchange(changed_arrivals_, {})) {
        const auto place = arrivals_.find(part);
        tables::put_arrivals(rows, part, place == arrivals_.end() ? 0 : place->second);
    }
    // What a block confirmed the start finds by its nonces; what is to return it could not know.
    std::optional<BlockHash> followed;
    if (following_)
        followed = following_->change.disconnected.empty()
                       ? BlockHash{}
                       : following_->change.disconnected.front();
    if (followed != stored_followed_) tables::put_followed(rows, followed);
    stored_followed_ = followed;
}

std::vector<TransferPtr> Pool::best(std::size_t max_bytes) const {
    struct Next {
        Rank rank;
        PoolQueue::Entries::const_iterator entry;
    };
    std::vector<TransferPtr> chosen;
    if (is_following()) return chosen;
    std::size_t bytes = 0;
    const auto later = [](const Next& a, const Next& b) { return BestFirst{}(b.rank, a.rank); };
    std::priority_queue<Next, std::vector<Next>, decltype(later)> successors{later};
    auto listed = heads_.begin();
    while (listed != heads_.end() || !successors.empty()) {
        Next next;
        if (successors.empty() ||
            (listed != heads_.end() && BestFirst{}(*listed, successors.top().rank))) {
            next = {*listed, listed->sender->queue.entries().begin()};
            ++listed;
        } else {
            next = successors.top();
            successors.pop();
        }
        const PoolQueue& queue = next.rank.sender->queue;
        const TransferPtr& transfer = next.entry->second.transfer;
        if (bytes + transfer->bytes().size() > max_bytes) {
            // Full but for crumbs: smaller ones of other senders may still fit, within reason.
            if (max_bytes - bytes < transfer_size(0)) break;
            continue;
        }
        bytes += transfer->bytes().size();
        chosen.push_back(transfer);
        const auto successor = std::next(next.entry);
        if (successor != queue.entries().end() && successor->first == next.entry->first + 1)
            successors.push({head_rank(*next.rank.sender, successor->second), successor});
    }
    return chosen;
}

}  // namespace cairn
