#include "ledger/pool_tables.hpp"

#include <algorithm>

#include "core/primitives/codec.hpp"

namespace cairn::tables {
namespace {

enum Prefix : std::uint8_t {
    kOrder,
    kId,
    kSender,
    kDropped,
    kDroppedOrder,
    kKey,
    kKeyTime,
    kWaiting,
    kArrivals,
    kFollowed
};

/// Of a walk over many rows.
constexpr Bounds kPage{10'000, 1024 * 1024};

constexpr std::size_t kOrderKeySize = 1 + sizeof(std::uint64_t);

template <class T>
Bytes number_key(Prefix prefix, T number) {
    Bytes key{prefix};
    append_big_endian(key, number);
    return key;
}

Bytes digest_key(Prefix prefix, ByteView digest) {
    Bytes key{prefix};
    append(key, digest);
    return key;
}

Bytes sender_key(const CheckedTransfer& transfer) {
    Bytes key = digest_key(kSender, transfer.sender().bytes);
    append_big_endian(key, transfer.nonce());
    return key;
}

template <std::size_t N>
Bytes to_bytes(const std::array<std::uint8_t, N>& array) {
    return {array.begin(), array.end()};
}

/// Until `each` says false.
template <class Each>
void each_row(const Staged& rows, Bytes from, const Bytes& to, Each each) {
    for (;;) {
        const auto page = rows.scan(Table::pool, from, to, kPage);
        for (const auto& row : page)
            if (!each(row)) return;
        if (page.empty()) return;
        from = page.back().key;
        from.push_back(0);
    }
}

/// The order in a key, read as if it were whole: keys of damaged rows sort by it as well.
std::uint64_t order_in(const Bytes& key) {
    Bytes order(key.begin() + 1, key.end());
    order.resize(sizeof(std::uint64_t));
    return read_big_endian<std::uint64_t>(order);
}

std::optional<Pending> read_pending(const Row& row) {
    if (row.key.size() != kOrderKeySize) return std::nullopt;
    Reader reader{*row.value};
    Pending entry;
    entry.order = order_in(row.key);
    entry.since = reader.integer<std::uint32_t>();
    const ByteView rest = reader.raw(reader.remaining());
    if (!reader.ok() || entry.order == UINT64_MAX) return std::nullopt;
    entry.transfer = CheckedTransfer::from_store(Bytes(rest.begin(), rest.end()));
    if (!entry.transfer) return std::nullopt;
    return entry;
}

}  // namespace

void put_pending(Staged& rows, const Pending& pending) {
    const CheckedTransfer& transfer = *pending.transfer;
    Writer value;
    value.integer(pending.since).raw(transfer.bytes());
    Writer order;
    order.integer(pending.order);
    rows.put(Table::pool, number_key(kOrder, pending.order), value.take());
    rows.put(Table::pool, digest_key(kId, transfer.id().bytes), order.take());
    rows.put(Table::pool, sender_key(transfer), to_bytes(transfer.id().bytes));
}

void erase_pending(Staged& rows, const Pending& pending) {
    rows.erase(Table::pool, number_key(kOrder, pending.order));
    rows.erase(Table::pool, digest_key(kId, pending.transfer->id().bytes));
    rows.erase(Table::pool, sender_key(*pending.transfer));
}

std::optional<Pending> pending(const Staged& rows, const Txid& id) {
    const auto order = pending_order(rows, id);
    if (!order) return std::nullopt;
    Bytes key = pending_key(*order);
    auto value = rows.get(Table::pool, key);
    if (!value) return std::nullopt;
    return read_pending(Row{Table::pool, std::move(key), std::move(value)});
}

Bytes pending_key(std::uint64_t order) { return number_key(kOrder, order); }

std::optional<std::uint64_t> pending_order(const Staged& rows, const Txid& id) {
    const auto order = rows.get(Table::pool, digest_key(kId, id.bytes));
    if (!order) return std::nullopt;
    return Reader{*order}.integer<std::uint64_t>();
}

std::vector<Txid> pending_ids(const Staged& rows, const Txid& after, std::size_t limit) {
    std::vector<Txid> ids;
    Bytes from = digest_key(kId, after.bytes);
    from.push_back(0);
    for (const auto& row : rows.scan(Table::pool, from, Bytes{kSender}, Bounds{limit, SIZE_MAX}))
        if (const auto id = Txid::from_bytes(ByteView{row.key}.subspan(1))) ids.push_back(*id);
    return ids;
}

void erase_pending_index(Staged& rows) {
    Bytes from{kId};
    for (;;) {
        const auto found = rows.scan(Table::pool, from, Bytes{kDropped}, Bounds{});
        if (found.empty()) return;
        for (const auto& row : found) rows.erase(Table::pool, row.key);
        from = found.back().key;
        from.push_back(0);
    }
}

namespace {

PendingPage pending_between(const Staged& rows, std::uint64_t order, const Bytes& end,
                            Bounds bounds) {
    PendingPage page;
    const auto found = rows.scan(Table::pool, number_key(kOrder, order), end, bounds);
    for (const auto& row : found) {
        if (auto entry = read_pending(row))
            page.entries.push_back(std::move(*entry));
        else
            page.undecodable.push_back(row.key);
    }
    if (found.empty()) return page;
    // A key of any other size ends after its order at the latest, so its own order goes on behind
    // it.
    const Bytes& last = found.back().key;
    const std::uint64_t reached = order_in(last);
    if (last.size() < kOrderKeySize)
        page.next = reached;
    else if (reached != UINT64_MAX)
        page.next = reached + 1;
    return page;
}

}  // namespace

PendingPage pending_from(const Staged& rows, std::uint64_t order, Bounds bounds) {
    return pending_between(rows, order, Bytes{kId}, bounds);
}

PendingPage pending_page(const Staged& rows, std::uint64_t order, Bounds bounds) {
    for (;;) {
        const auto counted = rows.scan(Table::pool, number_key(kArrivals, order / kOrdersPart),
                                       Bytes{kFollowed}, Bounds{1, SIZE_MAX});
        if (counted.empty()) return {};
        constexpr std::uint64_t kLastPart = UINT64_MAX / kOrdersPart;
        const std::uint64_t part = order_in(counted.front().key);
        const Bytes end =
            part < kLastPart ? number_key(kOrder, (part + 1) * kOrdersPart) : Bytes{kId};
        auto page = pending_between(rows, std::max(order, part * kOrdersPart), end, bounds);
        if (page.next || part >= kLastPart) return page;
        order = (part + 1) * kOrdersPart;
    }
}

std::vector<std::uint64_t> pending_nonces(const Staged& rows, const Address& sender) {
    std::vector<std::uint64_t> nonces;
    Bytes from = digest_key(kSender, sender.bytes);
    Bytes to = from;
    to.insert(to.end(), 9, 0xff);
    for (;;) {
        const auto found = rows.scan(Table::pool, from, to, Bounds{});
        for (const auto& row : found)
            nonces.push_back(read_big_endian<std::uint64_t>(ByteView{row.key}.subspan(33)));
        if (found.empty()) return nonces;
        from = found.back().key;
        from.push_back(0);
    }
}

void each_pending_id(const Staged& rows,
                     const std::function<void(const Txid&, std::uint64_t)>& each) {
    each_row(rows, Bytes{kId}, Bytes{kSender}, [&](const Row& row) {
        if (const auto id = Txid::from_bytes(ByteView{row.key}.subspan(1)))
            each(*id, Reader{*row.value}.integer<std::uint64_t>());
        return true;
    });
}

std::optional<Waiting> waiting(const Staged& rows, const Address& sender) {
    const auto value = rows.get(Table::pool, digest_key(kWaiting, sender.bytes));
    if (!value) return std::nullopt;
    Reader reader{*value};
    Waiting waiting;
    waiting.count = reader.integer<std::uint64_t>();
    waiting.next = reader.integer<std::uint64_t>();
    return waiting;
}

void put_waiting(Staged& rows, const Address& sender, const std::optional<Waiting>& waiting) {
    Bytes key = digest_key(kWaiting, sender.bytes);
    if (!waiting) return rows.erase(Table::pool, std::move(key));
    Writer value;
    rows.put(Table::pool, std::move(key),
             value.integer(waiting->count).integer(waiting->next).take());
}

void each_waiting(const Staged& rows,
                  const std::function<void(const Address&, const Waiting&)>& each) {
    each_row(rows, Bytes{kWaiting}, Bytes{kArrivals}, [&](const Row& row) {
        if (row.key.size() != 33) return true;
        Address sender;
        std::copy(row.key.begin() + 1, row.key.end(), sender.bytes.begin());
        Reader reader{*row.value};
        const auto count = reader.integer<std::uint64_t>();
        each(sender, Waiting{count, reader.integer<std::uint64_t>()});
        return true;
    });
}

void put_arrivals(Staged& rows, std::uint64_t part, std::uint64_t count) {
    Bytes key = number_key(kArrivals, part);
    if (count == 0) return rows.erase(Table::pool, std::move(key));
    Writer value;
    rows.put(Table::pool, std::move(key), value.integer(count).take());
}

void each_arrivals(const Staged& rows,
                   const std::function<bool(std::uint64_t, std::uint64_t)>& each) {
    each_row(rows, Bytes{kArrivals}, Bytes{kFollowed}, [&](const Row& row) {
        return row.key.size() != kOrderKeySize ||
               each(order_in(row.key), Reader{*row.value}.integer<std::uint64_t>());
    });
}

std::optional<BlockHash> followed(const Staged& rows) {
    const auto value = rows.get(Table::pool, Bytes{kFollowed});
    return value ? BlockHash::from_bytes(*value) : std::nullopt;
}

void put_followed(Staged& rows, const std::optional<BlockHash>& tip) {
    if (!tip) return rows.erase(Table::pool, Bytes{kFollowed});
    rows.put(Table::pool, Bytes{kFollowed}, to_bytes(tip->bytes));
}

std::optional<std::uint64_t> pending_at(const Staged& rows, std::uint64_t skipped) {
    std::optional<std::uint64_t> part;
    each_arrivals(rows, [&](std::uint64_t number, std::uint64_t count) {
        if (skipped < count)
            part = number;
        else
            skipped -= count;
        return !part;
    });
    if (!part) return std::nullopt;
    const auto found = rows.scan(Table::pool, number_key(kOrder, *part * kOrdersPart), Bytes{kId},
                                 Bounds{static_cast<std::size_t>(skipped) + 1, SIZE_MAX});
    if (found.size() <= skipped) return std::nullopt;
    return order_in(found.back().key);
}

void put_dropped(Staged& rows, std::uint64_t order, const Dropped& dropped) {
    const Txid& id = dropped.transfer->id();
    Writer value;
    value.integer(order).bytes(as_bytes(dropped.reason)).raw(dropped.transfer->bytes());
    rows.put(Table::pool, digest_key(kDropped, id.bytes), value.take());
    rows.put(Table::pool, number_key(kDroppedOrder, order), to_bytes(id.bytes));
}

std::optional<Dropped> dropped(const Staged& rows, const Txid& id) {
    const auto value = rows.get(Table::pool, digest_key(kDropped, id.bytes));
    if (!value) return std::nullopt;
    Reader reader{*value};
    (void)reader.integer<std::uint64_t>();
    Dropped found;
    found.reason = std::string{as_text(reader.bytes())};
    const ByteView rest = reader.raw(reader.remaining());
    found.transfer = CheckedTransfer::from_store(Bytes(rest.begin(), rest.end()));
    if (!found.transfer) return std::nullopt;
    return found;
}

void erase_dropped(Staged& rows, std::uint64_t order, const Txid& id) {
    rows.erase(Table::pool, number_key(kDroppedOrder, order));
    rows.erase(Table::pool, digest_key(kDropped, id.bytes));
}

std::vector<std::pair<std::uint64_t, Txid>> dropped_ids(const Staged& rows, std::size_t limit) {
    std::vector<std::pair<std::uint64_t, Txid>> found;
    for (const auto& row :
         rows.scan(Table::pool, Bytes{kDroppedOrder}, Bytes{kKey}, Bounds{limit, SIZE_MAX}))
        if (const auto id = Txid::from_bytes(*row.value))
            found.emplace_back(order_in(row.key), *id);
    return found;
}

bool is_sound_memory(const Staged& rows, const Row& row) {
    if (row.key.empty()) return false;
    const ByteView rest = ByteView{row.key}.subspan(1);
    switch (row.key[0]) {
        case kDropped: {
            const auto id = Txid::from_bytes(rest);
            const auto found = id ? dropped(rows, *id) : std::nullopt;
            if (!found || found->transfer->id() != *id) return false;
            const auto order = Reader{*row.value}.integer<std::uint64_t>();
            return rows.get(Table::pool, number_key(kDroppedOrder, order)) == to_bytes(id->bytes);
        }
        case kDroppedOrder: {
            const auto of_id = rows.get(Table::pool, digest_key(kDropped, *row.value));
            return rest.size() == sizeof(std::uint64_t) && of_id &&
                   Reader{*of_id}.integer<std::uint64_t>() == order_in(row.key);
        }
        case kKey: {
            Reader reader{*row.value};
            Bytes by_time = number_key(kKeyTime, reader.integer<std::uint32_t>());
            append(by_time, rest);
            (void)reader.array<32>();
            return rest.size() == 32 && reader.finished() &&
                   rows.get(Table::pool, by_time) == Bytes{};
        }
        case kKeyTime: {
            if (rest.size() != 36 || !row.value->empty()) return false;
            const auto of_key = rows.get(Table::pool, digest_key(kKey, rest.subspan(4)));
            return of_key &&
                   Reader{*of_key}.integer<std::uint32_t>() == read_big_endian<std::uint32_t>(rest);
        }
        case kWaiting: {
            if (rest.size() != 32 || row.value->size() != 16) return false;
            Address sender;
            std::copy(rest.begin(), rest.end(), sender.bytes.begin());
            if (followed(rows)) return true;  // they are not up to date
            const auto nonces = pending_nonces(rows, sender);
            Waiting right{nonces.size(), account(rows, sender).value_or(Account{}).nonce};
            for (const auto nonce : nonces) right.next += nonce == right.next ? 1 : 0;
            return !nonces.empty() && waiting(rows, sender) == right;
        }
        case kArrivals: {
            if (rest.size() != sizeof(std::uint64_t) || row.value->size() != 8) return false;
            const std::uint64_t part = order_in(row.key);
            const auto standing =
                rows.scan(Table::pool, number_key(kOrder, part * kOrdersPart),
                          number_key(kOrder, (part + 1) * kOrdersPart), Bounds{SIZE_MAX, SIZE_MAX});
            return !standing.empty() &&
                   Reader{*row.value}.integer<std::uint64_t>() == standing.size();
        }
        case kFollowed:
            return rest.empty() && row.value->size() == 32;
        default:
            return row.key[0] < kDropped;
    }
}

bool put_idempotency(Staged& rows, const Hash256& key, UnixSeconds now, const Txid& id) {
    const auto time_key = [&](UnixSeconds time) {
        Bytes by_time = number_key(kKeyTime, time);
        append(by_time, key.bytes);
        return by_time;
    };
    // A key that was used before and has expired begins anew.
    Bytes by_key = digest_key(kKey, key.bytes);
    const auto old = rows.get(Table::pool, by_key);
    if (old) rows.erase(Table::pool, time_key(Reader{*old}.integer<std::uint32_t>()));
    Writer value;
    value.integer(now).raw(id.bytes);
    rows.put(Table::pool, std::move(by_key), value.take());
    rows.put(Table::pool, time_key(now), {});
    return !old;
}

std::optional<Txid> idempotency(const Staged& rows, const Hash256& key, UnixSeconds now) {
    const auto value = rows.get(Table::pool, digest_key(kKey, key.bytes));
    if (!value) return std::nullopt;
    Reader reader{*value};
    const auto since = reader.integer<std::uint32_t>();
    Txid id;
    id.bytes = reader.array<32>();
    if (!reader.finished() || std::uint64_t{since} + kIdempotencySeconds <= now)
        return std::nullopt;
    return id;
}

namespace {

std::optional<UsedKey> read_used_key(const Row& row) {
    const ByteView key{row.key};
    if (key.size() != 37) return std::nullopt;
    return UsedKey{read_big_endian<std::uint32_t>(key.subspan(1)),
                   *Hash256::from_bytes(key.subspan(5))};
}

}  // namespace

std::vector<UsedKey> used_keys(const Staged& rows, UnixSeconds from, std::optional<UnixSeconds> to,
                               std::size_t limit) {
    std::vector<UsedKey> found;
    const Bytes end = to ? number_key(kKeyTime, *to) : Bytes{kWaiting};
    for (const auto& row :
         rows.scan(Table::pool, number_key(kKeyTime, from), end, Bounds{limit, SIZE_MAX}))
        if (const auto used = read_used_key(row)) found.push_back(*used);
    return found;
}

void each_used_key(const Staged& rows, const std::function<void(const UsedKey&)>& each) {
    each_row(rows, Bytes{kKeyTime}, Bytes{kWaiting}, [&](const Row& row) {
        if (const auto used = read_used_key(row)) each(*used);
        return true;
    });
}

void erase_idempotency(Staged& rows, const UsedKey& used) {
    rows.erase(Table::pool, digest_key(kKey, used.key.bytes));
    Bytes by_time = number_key(kKeyTime, used.time);
    append(by_time, used.key.bytes);
    rows.erase(Table::pool, std::move(by_time));
}

}  // namespace cairn::tables
