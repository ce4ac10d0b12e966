#include "app/replay.hpp"

#include <algorithm>

#include "core/consensus/merkle.hpp"
#include "ledger/header_tree.hpp"
#include "ledger/ledger.hpp"
#include "ledger/pool_tables.hpp"
#include "storage/memory_store.hpp"

namespace cairn {
namespace {

constexpr std::array<std::string_view, kTables> kNames = {
    "meta",     "headers",      "blocks",  "undo", "best",
    "accounts", "transactions", "history", "pool", "peers"};

}  // namespace

Replay::Replay(const ChainParams& chain, const Staged& rows, std::size_t accounts_max)
    : chain_{chain},
      rows_{rows},
      last_{genesis_record(chain)},
      last_hash_{chain.genesis().hash},
      accounts_{accounts_max} {
    times_.push_back(last_.header.time);
    const Connected genesis = connect_genesis(chain);
    genesis_ = keep(genesis);
    issued_ = genesis.issued;
}

Result<void, std::string> Replay::keep(const Connected& change) {
    for (const auto& [address, account] : change.after)
        if (auto kept = accounts_.put(address, account); !kept) return kept;
    return {};
}

std::string Replay::at(const std::string& what) const {
    return "block " + std::to_string(last_.height + 1) + ": " + what;
}

Result<void, std::string> Replay::add(const CheckedBlock& block) {
    if (!genesis_) return genesis_;
    HeaderContext context;
    context.height = last_.height + 1;
    context.required_bits =
        required_bits(chain_, last_.height, last_.header.time, last_.anchor_time);
    const std::vector<UnixSeconds> times(times_.begin(), times_.end());
    context.median_time = median_time(times);
    if (block.header.header.previous_hash != last_hash_)
        return fail(at("does not build on the one before"));
    if (auto accepted = accept_header(block.header, context); !accepted)
        return fail(at(accepted.error().to_string()));
    AccountSet before;
    for (const auto& address : touched(block)) before.emplace(address, accounts_.get(address));
    const auto connected =
        connect_block(block, std::move(before), {context.height, issued_}, chain_.spec());
    if (!connected) return fail(at(connected.error().to_string()));
    const UnixSeconds anchor = context.height == 2 ? block.header.header.time : last_.anchor_time;
    if (auto same = check_rows(block, *connected, issued_, anchor); !same) return same;

    if (auto kept = keep(*connected); !kept) return kept;
    issued_ = connected->issued;
    const ChainWork work = last_.work + work_of(*expand(block.header.header.bits));
    last_ = HeaderRecord{};
    last_.header = block.header.header;
    last_.height = context.height;
    last_.work = work;
    last_.anchor_time = anchor;
    last_hash_ = block.header.hash;
    times_.push_back(last_.header.time);
    if (times_.size() > kMedianSpan) times_.pop_front();
    return {};
}

Result<void, std::string> Replay::hold(const Staged& expected) {
    for (const auto& row : expected.to_batch().rows) {
        if (row.table == Table::meta || row.table == Table::accounts)
            continue;  // looked at in the end
        if (rows_.get(row.table, row.key) != row.value)
            return fail("a row of table " +
                        std::string{kNames[static_cast<std::size_t>(row.table)]} +
                        " is not what the block makes it");
        ++counts_[static_cast<std::size_t>(row.table)];
    }
    return {};
}

Result<void, std::string> Replay::check_rows(const CheckedBlock& block, const Connected& change,
                                             std::uint64_t issued_before, UnixSeconds anchor) {
    const Height height = last_.height + 1;
    const BlockHash& hash = block.header.hash;
    const auto stored = tables::header(rows_, hash);
    if (!stored || stored->sequence == 0 || stored->sequence >= tables::sequence(rows_))
        return fail(at("its header's row is wrong"));
    HeaderRecord record;
    record.header = block.header.header;
    record.height = height;
    record.work = last_.work + work_of(*expand(block.header.header.bits));
    record.anchor_time = anchor;
    record.has_body = true;
    record.linked = true;
    record.sequence = stored->sequence;  // of arrival, which the blocks do not tell
    record.size = static_cast<std::uint32_t>(block.bytes->size());
    record.transactions = static_cast<std::uint32_t>(block.transfers.size() + 1);

    Staged expected{MemoryStore{}.snapshot()};
    tables::put_header(expected, hash, record);
    tables::put_child(expected, last_hash_, hash);
    tables::put_block(expected, height, hash, *block.bytes);
    tables::put_best(expected, height, hash);
    tables::put_undo(expected, height, hash, change, issued_before);
    tables::index_block(expected, height, block);
    if (auto held = hold(expected); !held) return fail(at(held.error()));
    return {};
}

template <class Each>
void Replay::for_each(Table table, Each each) const {
    Bytes from;
    for (;;) {
        const auto page = rows_.scan(table, from, {}, Bounds{});
        if (page.empty()) return;
        for (const auto& row : page)
            if (!each(row)) return;
        from = page.back().key;
        from.push_back(0);
    }
}

std::size_t Replay::count(Table table) const {
    std::size_t rows = 0;
    for_each(table, [&](const Row&) {
        ++rows;
        return true;
    });
    return rows;
}

Result<void, std::string> Replay::check_pool() const {
    std::optional<std::uint64_t> order = 0;
    while (order) {
        const auto page = tables::pending_from(rows_, *order, Bounds{});
        if (!page.undecodable.empty()) return fail("a row of the pool does not decode");
        for (const auto& entry : page.entries) {
            if (auto checked = check_transfer(entry.transfer->bytes(), chain_); !checked)
                return fail("a transfer in the pool is refused: " + checked.error().to_string());
            const auto found = tables::pending(rows_, entry.transfer->id());
            if (!found || found->order != entry.order)
                return fail("a transfer in the pool is not found by its id");
        }
        order = page.next;
    }
    return {};
}

Result<void, std::string> Replay::check_pool_memory() const {
    bool sound = true;
    for_each(Table::pool,
             [&](const Row& row) { return sound = tables::is_sound_memory(rows_, row); });
    if (!sound) return fail("a row of a dropped transfer or an Idempotency-Key is wrong");
    return {};
}

/// A body is its header's own, and the header's row says so.
Result<void, std::string> Replay::check_branch_body(const BlockHash& hash,
                                                    const HeaderRecord& record) const {
    const auto bytes = tables::block(rows_, record.height, hash);
    if (!bytes) return fail("its block is missing");
    const auto block = decode_block(*bytes);
    if (!block) return fail("its block does not decode");
    std::vector<Txid> ids;
    ids.reserve(block->transactions.size());
    for (const auto& transaction : block->transactions) ids.push_back(transaction.id);
    if (hashed(block->header).hash != hash || merkle_root(ids) != block->header.merkle_root)
        return fail("its block is another one");
    if (record.size != bytes->size() || record.transactions != ids.size())
        return fail("its header's row does not tell of its block");
    return {};
}

Result<void, std::string> Replay::check_branch_header(const BlockHash& hash) const {
    const auto record = tables::header(rows_, hash);
    if (!record) return fail("its header does not decode");
    if (tables::best(rows_, record->height) == hash) return {};  // looked at block by block
    const BlockHash& parent_hash = record->header.previous_hash;
    const auto parent = tables::header(rows_, parent_hash);
    if (hashed(record->header).hash != hash) return fail("its header is another one");
    if (!parent || record->height != parent->height + 1 ||
        record->work != parent->work + work_of(expand(record->header.bits).value_or(U256{})))
        return fail("its header's row does not follow from its parent's");
    const auto children = tables::children(rows_, parent_hash);
    if (std::find(children.begin(), children.end(), hash) == children.end())
        return fail("its parent does not know it");
    if (record->has_body) return check_branch_body(hash, *record);
    return {};
}

Result<void, std::string> Replay::check_branches() const {
    Result<void, std::string> outcome;
    std::size_t bodies = 0;
    for_each(Table::headers, [&](const Row& row) {
        const auto hash = BlockHash::from_bytes(
            ByteView{row.key}.last(std::min<std::size_t>(32, row.key.size())));
        if (!hash)
            outcome = fail(std::string{"a key of table headers is too short"});
        else if (auto same = check_branch_header(*hash); !same)
            outcome = fail("block " + hash->to_string() + ": " + same.error());
        else if (row.key.size() == 33 && row.key[0] == 0 && tables::header(rows_, *hash)->has_body)
            ++bodies;
        return outcome.has_value();
    });
    if (outcome && count(Table::blocks) != bodies) return fail("there are blocks of no header");
    return outcome;
}

Result<void, std::string> Replay::finish() {
    Staged genesis{MemoryStore{}.snapshot()};
    stage_genesis(chain_, genesis);
    if (auto held = hold(genesis); !held) return fail("block 1: " + held.error());
    const auto tip = tables::tip(rows_);
    if (!tip || *tip != Tip{last_hash_, last_.height, last_.work, last_.header.time, issued_})
        return fail("the tip's row is not what the blocks make it");
    if (!genesis_) return genesis_;
    if (auto same = accounts_.compare(rows_, issued_); !same) return same;
    for (const auto table : {Table::undo, Table::best, Table::transactions, Table::history})
        if (count(table) != counts_[static_cast<std::size_t>(table)])
            return fail("table " + std::string{kNames[static_cast<std::size_t>(table)]} +
                        " has rows of no block of the best chain");
    if (auto same = check_branches(); !same) return same;
    if (auto same = check_pool(); !same) return same;
    if (auto same = check_pool_memory(); !same) return same;
    // A read that failed looks like a row that is not there.
    if (rows_.fault()) return fail("the store cannot be read: " + rows_.fault()->detail);
    return {};
}

}  // namespace cairn
