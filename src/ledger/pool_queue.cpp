#include "ledger/pool_queue.hpp"

#include "core/base/ensure.hpp"

namespace cairn {

FeeRate rate_of(const CheckedTransfer& transfer) {
    return {transfer.fee(), transfer.bytes().size()};
}

const Pending* PoolQueue::find(std::uint64_t nonce) const {
    const auto place = entries_.find(nonce);
    return place == entries_.end() ? nullptr : &place->second;
}

std::uint64_t PoolQueue::end() const {
    const auto run = runs_.find(nonce_);
    return run == runs_.end() ? nonce_ : run->second.end;
}

std::size_t PoolQueue::future_memory() const {
    const auto run = runs_.find(nonce_);
    return memory_ - (run == runs_.end() ? 0 : run->second.memory);
}

FeeRate PoolQueue::worth_behind(std::uint64_t nonce, FeeRate own) const {
    const auto last = parts_.lower_bound(nonce / kPart);
    for (auto part = parts_.begin(); part != last; ++part) own = std::min(own, part->second.low);
    for (auto entry = entries_.lower_bound(nonce / kPart * kPart);
         entry != entries_.end() && entry->first < nonce; ++entry)
        own = std::min(own, rate_of(*entry->second.transfer));
    return own;
}

std::uint64_t PoolQueue::cost_below(std::uint64_t nonce) const {
    std::uint64_t sum = 0;
    const auto last = parts_.lower_bound(nonce / kPart);
    for (auto part = parts_.begin(); part != last; ++part) sum += part->second.cost;
    for (auto entry = entries_.lower_bound(nonce / kPart * kPart);
         entry != entries_.end() && entry->first < nonce; ++entry)
        sum += entry->second.transfer->cost();
    return sum;
}

std::optional<SteadyMs> PoolQueue::waiting_since() const {
    std::optional<SteadyMs> oldest;
    for (const auto& [begin, run] : runs_)
        if (begin != nonce_) oldest = std::min(oldest.value_or(run.since), run.since);
    return oldest;
}

std::optional<std::uint64_t> PoolQueue::stale(SteadyMs since) const {
    for (const auto& [begin, run] : runs_)
        if (begin != nonce_ && run.since <= since) return run.end - 1;
    return std::nullopt;
}

std::size_t PoolQueue::growth(std::uint64_t nonce) const {
    const auto above = runs_.lower_bound(nonce);
    const bool joins = (above != runs_.end() && above->first == nonce + 1) ||
                       (above != runs_.begin() && std::prev(above)->second.end == nonce);
    return (joins ? 0 : kRunMemory) + (parts_.contains(nonce / kPart) ? 0 : kPartMemory);
}

const Pending& PoolQueue::insert(Pending entry, SteadyMs since) {
    const CheckedTransfer& transfer = *entry.transfer;
    const std::uint64_t nonce = transfer.nonce();
    const FeeRate rate = rate_of(transfer);
    const std::size_t memory = memory_of(transfer);
    worth_ = entries_.empty() ? rate : std::min(worth_, rate);
    cost_ += transfer.cost();
    memory_ += memory;
    join_part(transfer);
    join_run(nonce, memory, since);
    const auto [place, free] = entries_.try_emplace(nonce, std::move(entry));
    ENSURE(free);
    return place->second;
}

Pending PoolQueue::replace(Pending entry) {
    const std::uint64_t nonce = entry.transfer->nonce();
    const auto place = entries_.find(nonce);
    ENSURE(place != entries_.end());
    const CheckedTransfer& fresh = *entry.transfer;
    join_part(fresh);
    Pending old = std::exchange(place->second, std::move(entry));
    leave_part(*old.transfer);
    const std::size_t before = memory_of(*old.transfer);
    const std::size_t after = memory_of(fresh);
    cost_ = cost_ - old.transfer->cost() + fresh.cost();
    memory_ = memory_ - before + after;
    Run& run = run_of(nonce)->second;
    run.memory = run.memory - before + after;
    if (rate_of(*old.transfer) == worth_)
        find_worth();
    else
        worth_ = std::min(worth_, rate_of(fresh));
    return old;
}

Pending PoolQueue::take(std::uint64_t nonce) {
    const auto place = entries_.find(nonce);
    ENSURE(place != entries_.end());
    Pending entry = std::move(place->second);
    entries_.erase(place);
    const std::size_t memory = memory_of(*entry.transfer);
    cost_ -= entry.transfer->cost();
    memory_ -= memory;
    leave_run(nonce, memory);
    leave_part(*entry.transfer);
    if (rate_of(*entry.transfer) == worth_) find_worth();
    return entry;
}

void PoolQueue::follow(const Account& account, SteadyMs now) {
    const auto run = runs_.find(nonce_);
    if (run != runs_.end() && account.nonce != nonce_) run->second.since = now;
    nonce_ = account.nonce;
    balance_ = account.balance;
}

PoolQueue::Runs::iterator PoolQueue::run_of(std::uint64_t nonce) {
    const auto above = runs_.upper_bound(nonce);
    ENSURE(above != runs_.begin());
    return std::prev(above);
}

void PoolQueue::join_run(std::uint64_t nonce, std::size_t memory, SteadyMs since) {
    Run run{nonce + 1, memory, since};
    std::uint64_t begin = nonce;
    auto above = runs_.lower_bound(nonce);
    const auto merge = [&](const Run& other) {
        run.memory += other.memory;
        run.since = std::min(run.since, other.since);
    };
    if (above != runs_.end() && above->first == nonce + 1) {
        merge(above->second);
        run.end = above->second.end;
        above = runs_.erase(above);
    }
    if (above != runs_.begin() && std::prev(above)->second.end == nonce) {
        merge(std::prev(above)->second);
        begin = std::prev(above)->first;
    }
    runs_.insert_or_assign(begin, run);
}

void PoolQueue::leave_run(std::uint64_t nonce, std::size_t memory) {
    const auto place = run_of(nonce);
    const std::uint64_t begin = place->first;
    Run run = place->second;
    run.memory -= memory;
    if (nonce == begin) {
        runs_.erase(place);
        if (run.end > nonce + 1) runs_.emplace(nonce + 1, run);
        // The account's nonce moves with the head of its run, or is put right by `follow`.
        return;
    }
    place->second = {nonce, run.memory, run.since};
    if (nonce + 1 == run.end) return;
    // Out of the middle: nobody does that on the way of a stranger's message.
    Run upper{run.end, 0, run.since};
    for (auto entry = entries_.upper_bound(nonce);
         entry != entries_.end() && entry->first < run.end; ++entry)
        upper.memory += memory_of(*entry->second.transfer);
    place->second.memory -= upper.memory;
    runs_.emplace(nonce + 1, upper);
}

/// Works the sums of a part out anew, now that `gone` is not in it any more.
void PoolQueue::leave_part(const CheckedTransfer& gone) {
    const std::uint64_t number = gone.nonce() / kPart;
    const auto place = parts_.find(number);
    Part& part = place->second;
    part.cost -= gone.cost();
    if (--part.count == 0) {
        parts_.erase(place);
        return;
    }
    if (rate_of(gone) != part.low) return;
    const FeeRate before = part.low;
    bool first = true;
    for (auto entry = entries_.lower_bound(number * kPart);
         entry != entries_.end() && entry->first / kPart == number; ++entry) {
        const FeeRate rate = rate_of(*entry->second.transfer);
        part.low = first ? rate : std::min(part.low, rate);
        if (part.low == before) return;
        first = false;
    }
}

void PoolQueue::join_part(const CheckedTransfer& transfer) {
    const FeeRate rate = rate_of(transfer);
    const auto [part, fresh] = parts_.try_emplace(transfer.nonce() / kPart, Part{rate, 0, 0});
    if (!fresh) part->second.low = std::min(part->second.low, rate);
    part->second.cost += transfer.cost();
    ++part->second.count;
}

void PoolQueue::find_worth() {
    worth_ = {};
    bool first = true;
    for (const auto& [number, part] : parts_) {
        worth_ = first ? part.low : std::min(worth_, part.low);
        first = false;
    }
}

}  // namespace cairn
