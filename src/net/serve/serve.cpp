#include "net/serve/serve.hpp"

#include "core/primitives/codec.hpp"
#include "ledger/pool_tables.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::net {
namespace {

/// The height of the newest entry that is on the best chain; genesis if none is.
Height fork_height(const Staged& rows, const std::vector<BlockHash>& locator) {
    const std::size_t count = std::min(locator.size(), limits::kLocator);
    for (std::size_t i = 0; i < count; ++i) {
        const auto record = tables::header(rows, locator[i]);
        if (record && tables::best(rows, record->height) == locator[i]) return record->height;
    }
    return 1;
}

}  // namespace

Headers headers_after(const Staged& rows, const GetHeaders& question, std::size_t most) {
    Headers answer;
    const Height from = fork_height(rows, question.locator) + 1;
    for (const BlockHash& hash : tables::best_from(rows, from, most)) {
        const auto record = tables::header(rows, hash);
        if (!record) break;
        answer.headers.push_back({record->header, hash});
        if (hash == question.stop) break;
    }
    return answer;
}

std::optional<Bytes> frame_of(const Staged& rows, const Item& item) {
    if (item.kind == ItemKind::transfer) {
        const auto pending = tables::pending(rows, digest_cast<Txid>(item.hash));
        if (!pending) return std::nullopt;
        return transfer_frame(pending->transfer->bytes());
    }
    const auto hash = digest_cast<BlockHash>(item.hash);
    const auto record = tables::header(rows, hash);
    if (!record || !record->has_body || record->invalid) return std::nullopt;
    const auto bytes = tables::block(rows, record->height, hash);
    if (!bytes) return std::nullopt;
    return block_frame(*bytes);
}

bool is_large_block(const Staged& rows, const Item& item) {
    if (item.kind != ItemKind::block) return false;
    const auto record = tables::header(rows, digest_cast<BlockHash>(item.hash));
    return record && record->has_body && record->size > tables::kReadAtOnce;
}

PoolInv pool_page(const Staged& rows, const PoolPage& page) {
    const std::size_t limit = std::min<std::size_t>(page.limit, limits::kPoolPage);
    PoolInv answer;
    // One more than is told: so it is known whether there is more.
    answer.ids = tables::pending_ids(rows, page.after, limit + 1);
    answer.more = answer.ids.size() > limit;
    if (answer.more) answer.ids.pop_back();
    return answer;
}

std::optional<Bytes> frame_of(const Staged& rows, const Apart& apart) {
    if (const auto* item = std::get_if<Item>(&apart)) return frame_of(rows, *item);
    return encode(Message{pool_page(rows, std::get<PoolPage>(apart))});
}

Inv pool_inventory(const Staged& rows, Bytes& cursor, std::size_t most) {
    Inv answer;
    std::optional<std::uint64_t> from = cursor.empty() ? 0 : read_big_endian<std::uint64_t>(cursor);
    while (from && answer.items.size() < most) {
        const auto page = tables::pending_page(
            rows, *from,
            Bounds{std::min<std::size_t>(1'000, most - answer.items.size()), 1024 * 1024});
        for (const auto& pending : page.entries)
            answer.items.push_back(
                {ItemKind::transfer, digest_cast<Hash256>(pending.transfer->id())});
        from = page.next;
    }
    cursor.clear();
    if (from) append_big_endian(cursor, *from);
    return answer;
}

}  // namespace cairn::net
