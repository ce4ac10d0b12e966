#include "app/replay.hpp"

#include "ledger/header_tree.hpp"
#include "ledger/pool_tables.hpp"

namespace cairn {

Replay::Replay(const ChainParams& chain, const Staged& rows)
    : chain_{chain}, rows_{rows}, last_{genesis_record(chain)}, last_hash_{chain.genesis().hash} {
    times_.push_back(last_.header.time);
    const Connected genesis = connect_genesis(chain);
    accounts_.insert(genesis.after.begin(), genesis.after.end());
    issued_ = genesis.issued;
}

std::string Replay::at(const std::string& what) const {
    return "block " + std::to_string(last_.height + 1) + ": " + what;
}

Result<void, std::string> Replay::add(const CheckedBlock& block) {
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
    for (const auto& address : touched(block)) {
        const auto known = accounts_.find(address);
        before.emplace(address, known == accounts_.end() ? std::nullopt : std::optional{known->second});
    }
    const auto connected =
        connect_block(block, std::move(before), {context.height, issued_}, chain_.spec());
    if (!connected) return fail(at(connected.error().to_string()));
    if (auto same = check_rows(block, *connected, issued_); !same) return same;

    for (const auto& [address, account] : connected->after) accounts_.insert_or_assign(address, account);
    issued_ = connected->issued;
    const ChainWork work = last_.work + work_of(*expand(block.header.header.bits));
    const UnixSeconds anchor = context.height == 2 ? block.header.header.time : last_.anchor_time;
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

Result<void, std::string> Replay::check_rows(const CheckedBlock& block, const Connected& change,
                                             std::uint64_t issued_before) const {
    const Height height = last_.height + 1;
    const auto record = tables::header(rows_, block.header.hash);
    if (!record || record->header != block.header.header || record->height != height || !record->linked ||
        record->invalid || record->work != last_.work + work_of(*expand(block.header.header.bits)))
        return fail(at("its header's row is wrong"));
    const auto undo = tables::undo(rows_, height, block.header.hash);
    if (!undo || undo->issued != issued_before || undo->accounts != change.before)
        return fail(at("its undo record is wrong"));
    std::uint32_t position = 0;
    const auto indexed = [&](const Txid& id) {
        const auto location = tables::location(rows_, id);
        return location && location->height == height && location->position == position++;
    };
    bool right = indexed(block.reward_id);
    for (const auto& transfer : block.transfers) right = right && indexed(transfer->id());
    if (!right) return fail(at("its transactions are not indexed as they stand"));
    return {};
}

Result<void, std::string> Replay::finish() const {
    const auto tip = tables::tip(rows_);
    if (!tip || tip->hash != last_hash_ || tip->height != last_.height || tip->work != last_.work ||
        tip->issued != issued_)
        return fail("the tip's row is not what the blocks make it");
    auto expected = accounts_.begin();
    Bytes from;
    for (;;) {
        const auto page = rows_.scan(Table::accounts, from, {}, Bounds{});
        if (page.empty()) break;
        for (const auto& row : page) {
            const Bytes key = expected == accounts_.end()
                                  ? Bytes{}
                                  : Bytes(expected->first.bytes.begin(), expected->first.bytes.end());
            if (row.key != key || tables::account(rows_, expected->first) != expected->second)
                return fail("the accounts are not what the blocks make them");
            ++expected;
        }
        from = page.back().key;
        from.push_back(0);
    }
    if (expected != accounts_.end()) return fail("an account is missing");
    std::uint64_t sum = 0;
    for (const auto& [address, account] : accounts_) sum += account.balance;
    if (sum != issued_) return fail("the balances do not sum up to what was issued");
    std::optional<std::uint64_t> order = 0;
    while (order) {
        const auto page = tables::pending_from(rows_, *order, Bounds{});
        if (!page.undecodable.empty()) return fail("a row of the pool does not decode");
        for (const auto& entry : page.entries)
            if (auto checked = check_transfer(entry.transfer->bytes(), chain_); !checked)
                return fail("a transfer in the pool is refused: " + checked.error().to_string());
        order = page.next;
    }
    return {};
}

}  // namespace cairn
