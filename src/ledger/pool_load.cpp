#include <algorithm>

#include "core/base/ensure.hpp"
#include "ledger/pool.hpp"

/// How a pool takes up what the store holds: each kind of row is read once, in its order.
namespace cairn {
namespace {

/// What the rows by id say of an order: the first bytes of the id.
struct Known {
    std::uint64_t order = 0;
    std::uint64_t id = 0;
    friend auto operator<=>(const Known&, const Known&) = default;
};

std::uint64_t first_bytes(const Txid& id) { return std::hash<Txid>{}(id); }

std::vector<Known> known_by_id(const Staged& rows) {
    std::vector<Known> known;
    tables::each_pending_id(rows, [&](const Txid& id, std::uint64_t order) {
        known.push_back({order, first_bytes(id)});
    });
    std::sort(known.begin(), known.end());
    return known;
}

/// When a transfer that came at a wall clock's `since` did so by the steady clock. What is dated in
/// the future came just now.
SteadyMs arrival(UnixSeconds since, Now now) {
    const UnixSeconds age = now.wall - std::min(now.wall, since);
    return static_cast<SteadyMs>(now.steady) - SteadyMs{age} * 1000;
}

}  // namespace

std::size_t Pool::load(const AccountReader& accounts, Now now, Staged& rows) {
    std::size_t bad = load_pending(now, rows);
    if (bad > 0) {  // what the bad rows were listed under cannot be told from them
        tables::erase_pending_index(rows);
        for (const auto& [address, sender] : senders_)
            for (const auto& [nonce, entry] : sender.queue.entries())
                tables::put_pending(rows, entry);
    }
    bad += load_accounts(accounts, rows);
    load_sums(rows);
    stored_followed_ = tables::followed(rows);
    for (const auto& [order, id] : tables::dropped_ids(rows, 2 * kDroppedMax)) {
        dropped_.emplace(id, order);
        dropped_orders_.emplace(order, id);
        next_dropped_ = order + 1;
    }
    return bad;
}

std::size_t Pool::load_pending(Now now, Staged& rows) {
    std::size_t bad = 0;
    const auto known = known_by_id(rows);
    auto at = known.begin();
    std::optional<std::uint64_t> from = 0;
    while (from) {
        auto page = tables::pending_from(rows, *from, Bounds{10'000, 1024 * 1024});
        for (auto& entry : page.entries) {
            next_order_ = entry.order + 1;
            const CheckedTransfer& transfer = *entry.transfer;
            // A row whose bytes are not those that were admitted is not known by its id.
            const Known wanted{entry.order, first_bytes(transfer.id())};
            while (at != known.end() && *at < wanted) ++at;
            const bool is_known = at != known.end() && *at == wanted;
            Sender& sender =
                senders_.try_emplace(transfer.sender(), transfer.sender(), Account{}).first->second;
            if (!is_known || sender.queue.find(transfer.nonce()) != nullptr) {
                page.undecodable.push_back(tables::pending_key(entry.order));
                continue;
            }
            const SteadyMs since = arrival(entry.since, now);
            put(sender, std::move(entry), since);
        }
        for (auto& key : page.undecodable) rows.erase(Table::pool, std::move(key));
        bad += page.undecodable.size();
        from = page.next;
    }
    return bad;
}

std::size_t Pool::load_accounts(const AccountReader& accounts, Staged& rows) {
    std::size_t bad = 0;
    for (auto place = senders_.begin(); place != senders_.end();) {
        Sender& sender = (place++)->second;
        PoolQueue& queue = sender.queue;
        const Account account = accounts(queue.sender());
        for (; !queue.empty() && queue.entries().begin()->first < account.nonce; ++bad)
            (void)take(sender, queue.entries().begin()->first, rows);
        queue.adopt(account);
        if (!queue.empty() && fault_of(queue, {})) overdue_.try_emplace(queue.sender());
        rerank(sender);
    }
    return bad;
}

/// Whatever is not as it should be is staged by `stage_sums`.
void Pool::load_sums(const Staged& rows) {
    changed_senders_.clear();
    changed_arrivals_.clear();
    auto sender = senders_.begin();
    tables::each_waiting(rows, [&](const Address& address, const Waiting& told) {
        for (; sender != senders_.end() && sender->first < address; ++sender)
            changed_senders_.insert(sender->first);
        if (sender == senders_.end() || sender->first != address) {
            changed_senders_.insert(address);
            return;
        }
        const PoolQueue& queue = sender->second.queue;
        if (told != Waiting{queue.entries().size(), queue.end()}) changed_senders_.insert(address);
        ++sender;
    });
    for (; sender != senders_.end(); ++sender) changed_senders_.insert(sender->first);

    std::map<std::uint64_t, std::uint64_t> stored;
    tables::each_arrivals(rows, [&](std::uint64_t part, std::uint64_t count) {
        stored.emplace(part, count);
        if (!arrivals_.contains(part)) changed_arrivals_.insert(part);
        return true;
    });
    for (const auto& [part, count] : arrivals_) {
        const auto place = stored.find(part);
        if (place == stored.end() || place->second != count) changed_arrivals_.insert(part);
    }
}

}  // namespace cairn
