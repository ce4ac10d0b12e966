#include "ledger/ledger.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"

namespace cairn {

void TipChange::step_down(const BlockHash& leaving) {
    if (!connected.empty() && connected.back() == leaving) connected.pop_back();
    else disconnected.push_back(leaving);
}

void TipChange::step_up(const BlockHash& joining) {
    if (connected.empty() && !disconnected.empty() && disconnected.back() == joining)
        disconnected.pop_back();
    else connected.push_back(joining);
}

void TipChange::append(const TipChange& next) {
    for (const auto& hash : next.disconnected) step_down(hash);
    for (const auto& hash : next.connected) step_up(hash);
}

void stage_genesis(const ChainParams& params, Staged& rows) {
    const BlockHash& hash = params.genesis().hash;
    const HeaderRecord record = genesis_record(params);
    const Connected state = connect_genesis(params);
    tables::put_chain(rows, hash);
    tables::put_sequence(rows, 1);
    tables::put_header(rows, hash, record);
    tables::put_block(rows, 1, hash, params.genesis_bytes());
    tables::put_best(rows, 1, hash);
    for (const auto& [address, account] : state.after) tables::put_account(rows, address, account);
    tables::index_genesis(rows, params);
    tables::put_tip(rows, Tip{hash, 1, record.work, record.header.time, state.issued});
}

Result<Ledger, OpenError> Ledger::open(std::shared_ptr<const ChainParams> params, const Staged& rows) {
    return open(std::move(params), rows, Limits{});
}

Result<Ledger, OpenError> Ledger::open(std::shared_ptr<const ChainParams> params, const Staged& rows,
                                       Limits limits) {
    const auto chain = tables::chain(rows);
    if (rows.fault()) return fail(OpenError{"the store cannot be read: " + rows.fault()->detail});
    if (!chain) return fail(OpenError{"the store holds no chain"});
    if (*chain != params->genesis().hash)
        return fail(OpenError{"the store holds another chain (genesis " + chain->to_string() +
                              "); this node was asked for " + params->spec().name + " (genesis " +
                              params->genesis().hash.to_string() +
                              "): choose the other chain or another data directory"});
    const auto tip = tables::tip(rows);
    if (!tip) return fail(OpenError{"the store holds a chain but not its tip: restore a backup"});
    Ledger ledger{std::move(params), *tip, limits};
    ledger.next_sequence_ = tables::sequence(rows);
    for (const auto& hash : tables::candidates(rows)) {
        ledger.stored_candidates_.insert(hash);
        const auto record = ledger.tree_.find(rows, hash);
        if (record && record->linked && !record->invalid && record->work > tip->work)
            ledger.candidates_.insert({record->work, record->sequence, hash});
    }
    if (rows.fault()) return fail(OpenError{"the store cannot be read: " + rows.fault()->detail});
    return ledger;
}

Result<void, Rejection> Ledger::add_header(const HashedHeader& header, UnixSeconds now, Staged& rows) {
    const auto added = tree_.add(rows, *params_, header, now);
    if (!added) return fail(added.error());
    return {};
}

Result<bool, Rejection> Ledger::add_block(const BlockPtr& block, UnixSeconds now, Staged& rows) {
    auto added = tree_.add(rows, *params_, block->header, now);
    if (!added) return fail(added.error());
    HeaderRecord record = added->record;
    if (record.has_body) return false;
    record.has_body = true;
    record.size = static_cast<std::uint32_t>(block->bytes->size());
    record.transactions = static_cast<std::uint32_t>(block->transfers.size() + 1);
    tree_.put(rows, block->header.hash, record);
    tables::put_block(rows, record.height, block->header.hash, *block->bytes);
    remember(block);

    const auto parent = tree_.require(rows, record.header.previous_hash);
    if (parent && parent->linked) link(block->header.hash, !added->fresh, rows);
    return true;
}

/// Gives a block whose ancestors all have bodies its place in the order of arrival, and with it those
/// of its descendants that had been waiting for it, if it may have any: looking for them is a scan.
void Ledger::link(const BlockHash& hash, bool may_have_children, Staged& rows) {
    std::deque<BlockHash> ready{hash};
    while (!ready.empty()) {
        const BlockHash at = ready.front();
        ready.pop_front();
        auto record = tree_.require(rows, at);
        if (!record || !record->has_body || record->invalid) continue;
        record->linked = true;
        record->sequence = next_sequence_++;
        tree_.put(rows, at, *record);
        if (record->work > tip_.work) candidates_.insert({record->work, record->sequence, at});
        if (!may_have_children) break;
        for (const auto& child : tables::children(rows, at)) ready.push_back(child);
    }
    tables::put_sequence(rows, next_sequence_);
}

void Ledger::condemn(const BlockHash& hash, Rule reason, Staged& rows) {
    std::deque<BlockHash> doomed{hash};
    while (!doomed.empty()) {
        const BlockHash at = doomed.front();
        doomed.pop_front();
        auto record = tree_.require(rows, at);
        if (!record || record->invalid) continue;
        record->invalid = true;
        record->reason = at == hash ? reason : Rule::parent_valid;
        tree_.put(rows, at, *record);
        candidates_.erase({record->work, record->sequence, at});
        for (const auto& child : tables::children(rows, at)) doomed.push_back(child);
    }
}

/// False if the store failed or is damaged: then `rows` has a fault.
bool Ledger::begin_switch(const Candidate& target, const Staged& rows) {
    Switch fresh;
    fresh.base = tip_.hash;
    fresh.target = target.hash;
    fresh.at = tip_;
    BlockHash at = target.hash;
    auto record = tree_.require(rows, at);
    while (record && tables::best(rows, record->height) != at) {
        fresh.to_connect.push_back(at);
        at = record->header.previous_hash;
        record = tree_.require(rows, at);
    }
    if (!record) return false;
    std::reverse(fresh.to_connect.begin(), fresh.to_connect.end());
    for (BlockHash down = tip_.hash; down != at;) {
        fresh.to_disconnect.push_back(down);
        const auto here = tree_.require(rows, down);
        if (!here) return false;
        down = here->header.previous_hash;
    }

    // A switch under way that goes through the same blocks is continued, not begun again.
    if (switch_ && switch_->base == fresh.base && switch_->to_disconnect == fresh.to_disconnect &&
        switch_->connected <= fresh.to_connect.size() &&
        std::equal(fresh.to_connect.begin(),
                   fresh.to_connect.begin() + static_cast<std::ptrdiff_t>(switch_->connected),
                   switch_->to_connect.begin())) {
        switch_->target = fresh.target;
        switch_->to_connect = std::move(fresh.to_connect);
        return true;
    }
    switch_ = std::move(fresh);
    return true;
}

/// Takes the block at the switch's end off; the rows it changed. Zero if the store failed or is damaged.
std::size_t Ledger::undo_one(Staged& branch) {
    const BlockHash hash = switch_->to_disconnect[switch_->disconnected];
    const auto record = tree_.find(branch, hash);
    const auto parent = record ? tree_.find(branch, record->header.previous_hash) : std::nullopt;
    const auto undo = record ? tables::undo(branch, record->height, hash) : std::nullopt;
    const BlockPtr leaving = block(branch, hash);
    if (!record || !parent || !undo || !leaving) {
        tables::report_lost(branch, hash);
        return 0;
    }
    for (const auto& [address, account] : undo->accounts) tables::put_account(branch, address, account);
    tables::unindex_block(branch, record->height, *leaving);
    tables::erase_best(branch, record->height);
    tables::erase_undo(branch, record->height, hash);
    switch_->at = Tip{record->header.previous_hash, parent->height, parent->work, parent->header.time,
                      undo->issued};
    ++switch_->disconnected;
    return undo->accounts.size() + std::size_t{3} * record->transactions;
}

/// Puts the switch's next block on; the rows it changed. Zero if the store failed or is damaged.
Result<std::size_t, Rejection> Ledger::connect_one(Staged& branch) {
    const BlockHash hash = switch_->to_connect[switch_->connected];
    const auto record = tree_.find(branch, hash);
    const BlockPtr joining = block(branch, hash);
    if (!record || !joining) {
        tables::report_lost(branch, hash);
        return std::size_t{0};
    }
    AccountSet accounts;
    for (const auto& address : touched(*joining))
        accounts.emplace(address, tables::account(branch, address));
    auto connected = connect_block(*joining, std::move(accounts),
                                   {record->height, switch_->at.issued}, params_->spec());
    if (!connected) return fail(std::move(connected.error()));
    for (const auto& [address, account] : connected->after)
        tables::put_account(branch, address, account);
    tables::put_undo(branch, record->height, hash, *connected, switch_->at.issued);
    tables::put_best(branch, record->height, hash);
    tables::index_block(branch, record->height, *joining);
    switch_->at = Tip{hash, record->height, record->work, record->header.time, connected->issued};
    ++switch_->connected;
    return connected->after.size() + std::size_t{3} * record->transactions;
}

/// Makes where the switch stands the tip.
void Ledger::adopt(Staged& rows, TipChange& change) {
    for (std::size_t i = 0; i < switch_->disconnected; ++i)
        change.step_down(switch_->to_disconnect[i]);
    for (std::size_t i = 0; i < switch_->connected; ++i) change.step_up(switch_->to_connect[i]);
    const Tip old = tip_;
    tip_ = switch_->at;
    rows.absorb(std::move(switch_->overlay));
    switch_.reset();
    tables::put_tip(rows, tip_);
    if (old.work > tip_.work) {  // half way of a long switch: the old tip is to be tried again
        const auto record = tree_.require(rows, old.hash);
        if (record) candidates_.insert({record->work, record->sequence, old.hash});
    }
    drop_lesser_candidates();
}

void Ledger::drop_lesser_candidates() {
    while (!candidates_.empty() && !(std::prev(candidates_.end())->work > tip_.work))
        candidates_.erase(std::prev(candidates_.end()));
}

/// Whether a tip that was valid before has just as much work as the place the switch has come to. To
/// stop there would give it the tie, should the rest prove invalid: one block more decides.
bool Ledger::is_tied() const {
    return switch_->at.work == tip_.work ||
           std::any_of(candidates_.begin(), candidates_.end(), [this](const Candidate& candidate) {
               return candidate.work == switch_->at.work && candidate.hash != switch_->at.hash;
           });
}

bool Ledger::advance(Staged& rows, TipChange& change) {
    std::size_t done = 0;
    while (!rows.fault() && !candidates_.empty()) {
        const Candidate target = *candidates_.begin();
        if (!switch_ || switch_->target != target.hash || switch_->base != tip_.hash) {
            if (!begin_switch(target, rows)) return false;
        }
        Staged branch{rows, switch_->overlay};
        while (switch_->disconnected < switch_->to_disconnect.size() ||
               switch_->connected < switch_->to_connect.size()) {
            if (done >= limits_.slice_rows) return true;
            if (switch_->overlay.bytes() > limits_.overlay_bytes && !is_tied()) {
                adopt(rows, change);
                return true;
            }
            std::size_t changed = 0;
            if (switch_->disconnected < switch_->to_disconnect.size()) {
                changed = undo_one(branch);
            } else {
                auto connected = connect_one(branch);
                if (!connected) {
                    const BlockHash bad = switch_->to_connect[switch_->connected];
                    condemn(bad, connected.error().rule, rows);
                    last_invalid_.emplace(bad, std::move(connected.error()));
                    break;
                }
                changed = *connected;
            }
            if (branch.fault()) return false;
            done += changed;
        }
        const bool reached = switch_->at.hash == target.hash;
        if (reached || (switch_->at.work > tip_.work && !is_tied())) adopt(rows, change);
    }
    return false;
}

void Ledger::stage_candidates(Staged& rows) {
    std::set<BlockHash> now;
    for (const auto& candidate : candidates_) now.insert(candidate.hash);
    for (const auto& hash : now)
        if (!stored_candidates_.contains(hash)) tables::put_candidate(rows, hash);
    for (const auto& hash : stored_candidates_)
        if (!now.contains(hash)) tables::erase_candidate(rows, hash);
    stored_candidates_ = std::move(now);
}

HeaderContext Ledger::next_context(const Staged& rows) {
    const auto record = tree_.require(rows, tip_.hash);
    return record ? tree_.context_after(rows, *params_, *record) : HeaderContext{};
}

void Ledger::remember(BlockPtr block) {
    recent_.push_front(std::move(block));
    if (recent_.size() > kRecentBlocks) recent_.pop_back();
}

BlockPtr Ledger::block(const Staged& rows, const BlockHash& hash) {
    for (const auto& recent : recent_)
        if (recent->header.hash == hash) return recent;
    const auto record = tree_.find(rows, hash);
    if (!record || !record->has_body) return nullptr;
    auto bytes = tables::block(rows, record->height, hash);
    auto kept = bytes ? block_from_store(std::make_shared<const Bytes>(std::move(*bytes))) : nullptr;
    if (!kept) tables::report_lost(rows, hash);
    return kept;
}

std::optional<TipChange> path(const Staged& rows, const BlockHash& from, const BlockHash& to) {
    TipChange change;
    BlockHash low = from;
    BlockHash high = to;
    auto low_record = tables::header(rows, low);
    auto high_record = tables::header(rows, high);
    while (low_record && high_record && low != high) {
        const bool step_low = low_record->height >= high_record->height;
        const bool step_high = high_record->height >= low_record->height;
        if (step_low) {
            change.disconnected.push_back(low);
            low = low_record->header.previous_hash;
            low_record = tables::header(rows, low);
        }
        if (step_high) {
            if (!high_record->has_body) return std::nullopt;
            change.connected.push_back(high);
            high = high_record->header.previous_hash;
            high_record = tables::header(rows, high);
        }
    }
    if (!low_record || !high_record) return std::nullopt;
    std::reverse(change.connected.begin(), change.connected.end());
    return change;
}

}  // namespace cairn
