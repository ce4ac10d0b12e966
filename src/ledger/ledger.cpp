#include "ledger/ledger.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"

namespace cairn {

void TipChange::step_down(const BlockHash& leaving) {
    if (!connected.empty() && connected.back() == leaving)
        connected.pop_back();
    else
        disconnected.push_back(leaving);
}

void TipChange::step_up(const BlockHash& joining) {
    if (connected.empty() && !disconnected.empty() && disconnected.back() == joining)
        disconnected.pop_back();
    else
        connected.push_back(joining);
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
    tables::put_bare_count(rows, 0);
    tables::put_header(rows, hash, record);
    tables::put_block(rows, 1, hash, params.genesis_bytes());
    tables::put_best(rows, 1, hash);
    for (const auto& [address, account] : state.after) tables::put_account(rows, address, account);
    tables::index_genesis(rows, params);
    tables::put_tip(rows, Tip{hash, 1, record.work, record.header.time, state.issued});
}

Result<Ledger, OpenError> Ledger::open(std::shared_ptr<const ChainParams> params,
                                       const Staged& rows) {
    return open(std::move(params), rows, Limits{});
}

Result<Ledger, OpenError> Ledger::open(std::shared_ptr<const ChainParams> params,
                                       const Staged& rows, Limits limits) {
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
    ledger.bare_ = tables::bare_count(rows);
    for (const auto& hash : tables::marked(rows, tables::Mark::to_link))
        ledger.to_link_.push_back({hash, std::nullopt});
    for (const auto& hash : tables::marked(rows, tables::Mark::to_condemn))
        ledger.to_condemn_.push_back({hash, std::nullopt});
    for (const auto mark : {tables::Mark::to_link, tables::Mark::to_condemn})
        for (const auto& hash : tables::marked(rows, mark)) ledger.stored_[mark].insert(hash);
    for (const auto& hash : tables::marked(rows, tables::Mark::candidate)) {
        ledger.stored_[tables::Mark::candidate].insert(hash);
        const auto record = ledger.tree_.find(rows, hash);
        if (record && record->linked && !record->invalid && record->work > tip->work)
            ledger.candidates_.insert({record->work, record->sequence, hash});
    }
    if (rows.fault()) return fail(OpenError{"the store cannot be read: " + rows.fault()->detail});
    return ledger;
}

Result<void, Rejection> Ledger::add_header(const HashedHeader& header, UnixSeconds now,
                                           Staged& rows) {
    const auto added = tree_.add(rows, *params_, header, now);
    if (!added) return fail(added.error());
    if (added->fresh) {
        tables::put_bare(rows, {added->record.height, header.hash});
        count_bare(bare_ + 1, rows);
    }
    return {};
}

void Ledger::count_bare(std::uint64_t count, Staged& rows) {
    bare_ = count;
    tables::put_bare_count(rows, count);
}

bool Ledger::forget(const BlockHash& hash, Staged& rows) {
    const auto record = tree_.find(rows, hash);
    if (!record || record->has_body) return false;
    const tables::BareHeader bare{record->height, hash};
    if (!tables::is_bare(rows, bare) || tables::has_children(rows, hash)) return false;
    tree_.erase(rows, hash, record->header.previous_hash);
    tables::erase_bare(rows, bare);
    count_bare(bare_ > 0 ? bare_ - 1 : 0, rows);
    return true;
}

Result<bool, Rejection> Ledger::add_block(const BlockPtr& block, UnixSeconds now, Staged& rows) {
    auto added = tree_.add(rows, *params_, block->header, now);
    if (!added) return fail(added.error());
    HeaderRecord record = added->record;
    if (record.has_body) return false;
    const tables::BareHeader bare{record.height, block->header.hash};
    if (!added->fresh && bare_ > 0 && tables::is_bare(rows, bare)) {
        tables::erase_bare(rows, bare);
        count_bare(bare_ - 1, rows);
    }
    record.has_body = true;
    record.size = static_cast<std::uint32_t>(block->bytes->size());
    record.transactions = static_cast<std::uint32_t>(block->transfers.size() + 1);
    tree_.put(rows, block->header.hash, record);
    tables::put_block(rows, record.height, block->header.hash, *block->bytes);
    remember(block);

    const auto parent = tree_.require(rows, record.header.previous_hash);
    if (parent && parent->linked) link(block->header.hash, !added->fresh, rows);
    (void)link_some(rows);
    return true;
}

/// Gives a block whose ancestors all have bodies its place in the order of arrival, and with it
/// those of its descendants that had been waiting for it, if it may have any: looking for them is a
/// scan.
void Ledger::link(const BlockHash& hash, bool may_have_children, Staged& rows) {
    auto record = tree_.require(rows, hash);
    if (!record || !record->has_body || record->invalid || record->linked) return;
    record->linked = true;
    record->sequence = next_sequence_++;
    tree_.put(rows, hash, *record);
    if (record->work > tip_.work) candidates_.insert({record->work, record->sequence, hash});
    tables::put_sequence(rows, next_sequence_);
    if (may_have_children) to_link_.push_back({hash, std::nullopt});
}

void Ledger::condemn(const BlockHash& hash, Rule reason, Staged& rows) {
    mark_invalid(hash, reason, rows);
    (void)condemn_some(rows);
}

void Ledger::mark_invalid(const BlockHash& hash, Rule reason, Staged& rows) {
    auto record = tree_.require(rows, hash);
    if (!record || record->invalid) return;
    record->invalid = true;
    record->reason = reason;
    tree_.put(rows, hash, *record);
    candidates_.erase({record->work, record->sequence, hash});
    to_condemn_.push_back({hash, std::nullopt});
}

/// Goes on with the children of the headers that wait in `parents`; as `visit` finds, these come to
/// stand there themselves. How many it looked at.
template <class Visit>
std::size_t Ledger::visit_children(std::vector<Parent>& parents, bool newest_first,
                                   const Staged& rows, Visit visit) {
    std::size_t looked = 0;
    for (std::size_t left = kChildrenAtOnce; left > 0 && !parents.empty();) {
        const std::size_t at = newest_first ? parents.size() - 1 : 0;
        const auto children =
            tables::children_behind(rows, parents[at].hash, parents[at].looked_at, left);
        if (children.size() < left)
            parents.erase(parents.begin() + static_cast<std::ptrdiff_t>(at));
        else
            parents[at].looked_at = children.back();
        left -= std::min(left, children.size() + 1);
        looked += children.size() + 1;
        for (const auto& child : children) visit(child);
    }
    return looked;
}

std::size_t Ledger::link_some(Staged& rows) {
    // In the order in which they wait, which is that of their arrival.
    return visit_children(to_link_, false, rows,
                          [&](const BlockHash& child) { link(child, true, rows); });
}

std::size_t Ledger::condemn_some(Staged& rows) {
    // Down one branch after the other, so that few wait at once.
    return visit_children(to_condemn_, true, rows, [&](const BlockHash& child) {
        mark_invalid(child, Rule::parent_valid, rows);
    });
}

/// The switch leads from the tip to a block that is still to be tried.
bool Ledger::is_switching() const {
    return switch_ && switch_->base == tip_.hash && candidates_.contains(switch_->target);
}

/// A step of the way down from the best candidate, to the best chain or to the switch under way.
void Ledger::look_down(Staged& rows) {
    if (!way_ || !candidates_.contains(way_->target))
        way_ = Way{*candidates_.begin(), {}, candidates_.begin()->hash};
    const auto record = tree_.require(rows, way_->at);
    if (!record) return;
    if (record->invalid) {
        // A crash had come between this block's verdict and that of the blocks above it.
        candidates_.erase(way_->target);
        if (!way_->blocks.empty()) mark_invalid(way_->blocks.front(), Rule::parent_valid, rows);
        return way_.reset();
    }
    if (joins_switch(record->height)) return way_.reset();
    if (tables::best(rows, record->height) == way_->at) {
        begin_switch(record->height);
        return way_.reset();
    }
    way_->blocks.push_front(way_->at);
    way_->at = record->header.previous_hash;
}

/// The way has come to a block of the switch under way: what that has done so far is kept if all of
/// it leads here.
bool Ledger::joins_switch(Height height) {
    if (!switch_ || switch_->base != tip_.hash || height <= switch_->fork_height) return false;
    const std::size_t shared = height - switch_->fork_height;
    if (shared > switch_->to_connect.size() || switch_->to_connect[shared - 1] != way_->at ||
        shared < switch_->connected)
        return false;
    switch_->target = way_->target;
    switch_->to_connect.resize(shared);
    switch_->to_connect.insert(switch_->to_connect.end(), way_->blocks.begin(), way_->blocks.end());
    return true;
}

/// The way has come to the best chain.
void Ledger::begin_switch(Height fork_height) {
    const bool goes_on = switch_ && switch_->base == tip_.hash && switch_->fork == way_->at &&
                         switch_->connected == 0;
    if (!goes_on) {
        switch_.emplace();
        switch_->base = tip_.hash;
        switch_->fork = way_->at;
        switch_->fork_height = fork_height;
        switch_->at = tip_;
    }
    switch_->target = way_->target;
    switch_->to_connect = std::move(way_->blocks);
}

/// Takes the block at the switch's end off; the rows it changed. Zero if the store failed or is
/// damaged.
std::size_t Ledger::undo_one(Staged& branch) {
    const BlockHash hash = switch_->at.hash;
    const auto record = tree_.find(branch, hash);
    const auto parent = record ? tree_.find(branch, record->header.previous_hash) : std::nullopt;
    const auto undo = record ? tables::undo(branch, record->height, hash) : std::nullopt;
    const BlockPtr leaving = block(branch, hash);
    if (!record || !parent || !undo || !leaving) {
        tables::report_lost(branch, hash);
        return 0;
    }
    for (const auto& [address, account] : undo->accounts)
        tables::put_account(branch, address, account);
    tables::unindex_block(branch, record->height, *leaving);
    tables::erase_best(branch, record->height);
    tables::erase_undo(branch, record->height, hash);
    switch_->at = Tip{record->header.previous_hash, parent->height, parent->work,
                      parent->header.time, undo->issued};
    switch_->undone.push_back(hash);
    note_moved(*record);
    return kBlockRows + undo->accounts.size() + std::size_t{3} * record->transactions;
}

/// Puts the switch's next block on; the rows that it costs. Zero if the store failed or is damaged.
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
    note_moved(*record);
    return kBlockRows + connected->after.size() + std::size_t{3} * record->transactions;
}

/// Makes where the switch stands the tip; what is left of it goes on from there.
void Ledger::adopt(Staged& rows, TipChange& change) {
    Switch& way = *switch_;
    for (const auto& hash : way.undone) change.step_down(hash);
    for (std::size_t i = 0; i < way.connected; ++i) change.step_up(way.to_connect[i]);
    const Tip old = tip_;
    tip_ = way.at;
    rows.absorb(std::exchange(way.overlay, {}));
    tables::put_tip(rows, tip_);
    if (way.connected > 0) {
        way.fork = tip_.hash;
        way.fork_height = tip_.height;
    }
    way.base = tip_.hash;
    way.undone.clear();
    way.to_connect.erase(way.to_connect.begin(),
                         way.to_connect.begin() + static_cast<std::ptrdiff_t>(way.connected));
    way.connected = 0;
    if (tip_.hash == way.target.hash) switch_.reset();
    way_.reset();
    if (old.work > tip_.work) {  // half way of a long switch: the old tip is to be tried again
        half_way_from_ = half_way_from_ ? std::max(*half_way_from_, old.work) : old.work;
        const auto record = tree_.require(rows, old.hash);
        if (record) candidates_.insert({record->work, record->sequence, old.hash});
    }
    if (half_way_from_ && !(*half_way_from_ > tip_.work)) half_way_from_.reset();
    drop_lesser_candidates();
}

void Ledger::drop_lesser_candidates() {
    while (!candidates_.empty() && !(std::prev(candidates_.end())->work > tip_.work))
        candidates_.erase(std::prev(candidates_.end()));
}

/// Whether a tip that was valid before has just as much work as the place the switch has come to.
/// To stop there would give it the tie, should the rest prove invalid: one block more decides.
bool Ledger::is_tied() const {
    const ChainWork& work = switch_->at.work;
    if (work == tip_.work) return true;
    for (auto other = candidates_.lower_bound({work, 0, {}});
         other != candidates_.end() && other->work == work; ++other)
        if (other->hash != switch_->at.hash) return true;
    return false;
}

/// What was done of the switch is more than one batch should hold.
bool Ledger::is_too_long() const {
    const std::size_t bytes = switch_->overlay.bytes();
    const std::size_t blocks = switch_->undone.size() + switch_->connected;
    return bytes > limits_.overlay_bytes ||
           (bytes > limits_.batch_bytes && blocks > limits_.atomic_blocks);
}

void Ledger::note_moved(const HeaderRecord& record) {
    ++moved_;
    largest_moved_ = std::max(largest_moved_, record.transactions);
}

/// One block down or up; the rows it changed. Zero if the store failed or is damaged.
std::size_t Ledger::move_one(Staged& rows, TipChange& change) {
    Staged branch{rows, switch_->overlay};
    if (switch_->connected == 0 && switch_->at.hash != switch_->fork) return undo_one(branch);
    auto connected = connect_one(branch);
    if (connected) return *connected;
    const BlockHash bad = switch_->to_connect[switch_->connected];
    mark_invalid(bad, connected.error().rule, rows);
    last_invalid_.emplace(bad, std::move(connected.error()));
    // What stands below it may have more work than the tip all the same.
    if (switch_->at.work > tip_.work && !is_tied()) adopt(rows, change);
    return 1;
}

bool Ledger::advance(Staged& rows, TipChange& change) {
    std::size_t done = 0;
    while (!rows.fault()) {
        if (!has_unvisited() && candidates_.empty()) return false;
        const bool spent = done >= limits_.slice_rows;
        // First it has to be known what is valid, and which branch has the most work.
        if (has_unvisited() || !is_switching()) {
            if (spent) return true;
            if (has_unvisited()) {
                done += link_some(rows) + condemn_some(rows);
            } else {
                look_down(rows);
                ++done;
            }
            continue;
        }
        if (switch_->at.hash == switch_->target.hash) {
            adopt(rows, change);
            continue;
        }
        const bool may_stop = switch_->at.work > tip_.work && !is_tied();
        if ((spent && may_stop) || (is_too_long() && !is_tied())) {
            adopt(rows, change);
            return true;
        }
        if (spent) return true;
        done += move_one(rows, change);
    }
    return false;
}

void Ledger::stage_mark(tables::Mark mark, std::set<BlockHash> now, Staged& rows) {
    std::set<BlockHash>& stored = stored_[mark];
    for (const auto& hash : now)
        if (!stored.contains(hash)) tables::put_mark(rows, mark, hash);
    for (const auto& hash : stored)
        if (!now.contains(hash)) tables::erase_mark(rows, mark, hash);
    stored = std::move(now);
}

void Ledger::stage_marks(Staged& rows) {
    std::set<BlockHash> hashes;
    for (const auto& candidate : candidates_) hashes.insert(candidate.hash);
    stage_mark(tables::Mark::candidate, std::move(hashes), rows);
    const auto of = [](const std::vector<Parent>& parents) {
        std::set<BlockHash> list;
        for (const auto& parent : parents) list.insert(parent.hash);
        return list;
    };
    stage_mark(tables::Mark::to_link, of(to_link_), rows);
    stage_mark(tables::Mark::to_condemn, of(to_condemn_), rows);
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
    auto kept =
        bytes ? block_from_store(std::make_shared<const Bytes>(std::move(*bytes))) : nullptr;
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
