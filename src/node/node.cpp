#include "node/node.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"

namespace cairn {
namespace {

/// Room that a block keeps for header, count and reward.
constexpr std::size_t kBlockOverhead = BlockHeader::kSize + 9 + 50 + Reward::kExtraMax;

/// A template of many transfers takes a while to make: after one, the next for the same tip waits a
/// millisecond for this many of them, so that mining leaves most of the time to the pool itself.
constexpr std::size_t kTransfersPerMs = 20;

/// Headers that peers offer, taken at once; the rest when others had their turn.
constexpr std::size_t kHeadersAtOnce = 500;

constexpr Tick kExpireEvery = 10'000;

/// Of the time between two ticks, what peers are charged at most. Milliseconds.
constexpr Tick kHeardMost = 1'000;

/// Transfers of a template next to the cap, where each is worked out with its accounts.
constexpr std::size_t kNearCapTransfers = 1'000;

}  // namespace

Result<std::unique_ptr<Node>, OpenError> Node::open(std::shared_ptr<const ChainParams> chain,
                                                    Store& store, NodeOptions options, Now now) {
    std::unique_ptr<Node> node{new Node{std::move(chain), store, std::move(options)}};
    if (auto loaded = node->load(now); !loaded) return fail(loaded.error());
    return node;
}

Result<void, OpenError> Node::load(Now now) {
    staged_ = std::make_unique<Staged>(store_->snapshot());
    const bool is_new = !tables::chain(*staged_) && !tables::tip(*staged_);
    if (is_new && !staged_->fault()) stage_genesis(*chain_, *staged_);
    auto ledger = Ledger::open(chain_, *staged_, options_.ledger);
    if (!ledger) return fail(ledger.error());
    ledger_.emplace(std::move(*ledger));
    pool_.emplace(options_.pool);
    bad_pool_rows_ = pool_->load(account_reader(), now, *staged_);
    keys_.load(*staged_);
    if (const auto from = tables::followed(*staged_))
        if (auto change = path(*staged_, *from, ledger_->tip().hash))
            note(
                pool_->settle(std::move(*change), block_reader(), account_reader(), now, *staged_));
    advance(now);
    heard_until_ = ticked_ = now.steady;
    peers_.emplace(options_.peers);
    bad_peer_rows_ = peers_->load(chain_of_peers(), now);
    if (const auto& fault = staged_->fault())
        return fail(OpenError{"the store cannot be read: " + fault->detail});
    if (auto written = commit(now); !written)
        return fail(OpenError{"the store cannot be written: " + written.error().detail});
    return {};
}

Account Node::account(const Address& address) const {
    if (const auto known = tables::account(*staged_, address)) return *known;
    return {std::min(chain_->spec().opening, Amount::kMaxUnits - ledger_->tip().issued), 0};
}

std::uint64_t Node::next_nonce(const Address& address) const {
    return pool_->next_nonce(address, account(address).nonce);
}

std::optional<Txid> Node::idempotency(const Hash256& key, Now now) const {
    return tables::idempotency(*staged_, key, now.wall);
}

void Node::remember_idempotency(const Hash256& key, const Txid& id, Now now) {
    keys_.put(key, id, now.wall, *staged_);
}

Result<Admitted, Rejection> Node::submit(TransferPtr transfer, Now now) {
    if (tables::location(*staged_, transfer->id()) || pool_->find(transfer->id())) {
        const bool executable = transfer->nonce() < next_nonce(transfer->sender());
        return Admitted{std::move(transfer), executable, true, {}};
    }
    auto admitted = pool_->add(transfer, account(transfer->sender()), now, *staged_);
    if (admitted) pending_.admitted.push_back(std::move(transfer));
    return admitted;
}

Result<Submitted, Rejection> Node::submit(const BlockPtr& block, Now now) {
    auto added = ledger_->add_block(block, now.wall, *staged_);
    if (!added) return fail(added.error());
    if (!*added) return Submitted{block->header.hash, false};
    // A long switch has its slice in each group; not another one for each block that comes.
    if (more_) return Submitted{block->header.hash, true};
    advance(now);
    const auto record = ledger_->header(*staged_, block->header.hash);
    if (record && record->invalid) {
        const auto& verdict = ledger_->last_invalid();
        if (verdict && verdict->first == block->header.hash) return fail(verdict->second);
        return fail(Rejection{Rule::parent_valid, "ancestors that are all valid",
                              "an ancestor refused for " + std::string{rule_name(record->reason)}});
    }
    return Submitted{block->header.hash, true};
}

void Node::condemn(const HashedHeader& header, Rule rule, Now now) {
    if (!ledger_->add_header(header, now.wall, *staged_)) return;  // nothing to remember it by
    ledger_->condemn(header.hash, rule, *staged_);
    if (!more_) advance(now);
}

BlockReader Node::block_reader() {
    return [this](const BlockHash& hash) { return ledger_->block(*staged_, hash); };
}

AccountReader Node::account_reader() const {
    return [this](const Address& who) { return account(who); };
}

/// One change of the tip after another: the pool has followed one before the next is made.
void Node::advance(Now now) {
    more_ = true;
    if (pool_->is_following()) return;
    TipChange change;
    const bool more = ledger_->advance(*staged_, change);
    if (!change.empty()) {
        pending_.change.append(change);
        note(pool_->settle(std::move(change), block_reader(), account_reader(), now, *staged_));
    }
    more_ = more;
}

void Node::advance_pool(Now now) {
    more_ = more_ || pool_->is_following();  // blocks that came meanwhile have waited
    note(pool_->go_on(block_reader(), account_reader(), now, *staged_));
}

void Node::note(Pool::Settled settled) {
    const auto add = [](auto& to, auto& from) { to.insert(to.end(), from.begin(), from.end()); };
    add(pending_.settled.confirmed, settled.confirmed);
    add(pending_.settled.returned, settled.returned);
    add(pending_.settled.dropped, settled.dropped);
}

void Node::step(Now now) {
    const bool offers_turn = !offers_.empty() && (!more_ || !offers_last_);
    offers_last_ = offers_turn;
    if (offers_turn)
        go_on_with_offers(now);
    else if (pool_->has_more())
        advance_pool(now);
    else if (more_)
        advance(now);
    else if (peers_->has_more())
        go_on_with_peers(now);
}

void Node::go_on_with_peers(Now now) {
    net::Actions actions;
    peers_->go_on(chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::on_tick(Now now, Tick heard_until) {
    // What of the time since the last tick was not spent hearing them is not charged to peers.
    const Tick heard = std::min(heard_until - std::min(heard_until_, heard_until), kHeardMost);
    const Tick passed = now.steady - std::min(ticked_, now.steady);
    unheard_ += passed - std::min(heard, passed);
    heard_until_ = std::max(heard_until_, heard_until);
    ticked_ = now.steady;
    if (now.steady >= next_expiry_) {
        const bool more_waiting = pool_->expire(now, *staged_);
        const bool more_keys = keys_.expire(now.wall, *staged_);
        next_expiry_ = more_waiting || more_keys ? now.steady : now.steady + kExpireEvery;
    }
    net::Actions actions;
    peers_->on_tick(chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::on_open(net::PeerId peer, const net::Hello& hello, Now now) {
    net::Actions actions;
    peers_->on_open(peer, hello, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::on_dial_failed(const net::NodeAddress& to, const std::string& why, Now now,
                          net::DialFault fault) {
    net::Actions actions;
    peers_->on_dial_failed(to, why, fault, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::on_close(net::PeerId peer, const std::string& why, Now now, bool ban) {
    std::erase_if(offers_, [peer](const Offered& offered) { return offered.offer.from == peer; });
    net::Actions actions;
    peers_->on_close(peer, why, ban, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::on_message(net::PeerId peer, const net::Message& message, Now now) {
    net::Actions actions;
    peers_->on_message(peer, message, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::on_checked(const net::Checked& checked, Now now) {
    // Bodies that were on their way when the chain was begun anew must not bring the old one back.
    if (peers_->silent()) return;
    std::optional<Rejection> refused;
    TransferPtr known;
    if (const auto* block = std::get_if<BlockPtr>(&checked.outcome)) {
        if (auto submitted = submit(*block, now); !submitted)
            refused = std::move(submitted.error());
    } else if (const auto* transfer = std::get_if<TransferPtr>(&checked.outcome)) {
        known = *transfer;
        if (auto admitted = submit(*transfer, now); !admitted)
            refused = std::move(admitted.error());
    } else {
        refused = std::get<Rejection>(checked.outcome);
        if (checked.what.kind == net::ItemKind::block && condemns_header(refused->rule)) {
            const auto hash = digest_cast<BlockHash>(checked.what.hash);
            if (const auto record = ledger_->header(*staged_, hash))
                condemn(HashedHeader{record->header, hash}, refused->rule, now);
        }
    }
    net::Actions actions;
    peers_->on_verdict(checked.from, checked.what, known, refused, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::register_nodes(net::Ticket ticket, const std::vector<std::string>& texts, Tick deadline,
                          Now now) {
    net::Actions actions;
    peers_->register_nodes(ticket, texts, deadline, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

bool Node::remove_node(const net::NodeAddress& address, Now now) {
    net::Actions actions;
    const bool removed = peers_->remove(address, chain_of_peers(), now, actions);
    take(std::move(actions), now);
    return removed;
}

void Node::resolve(net::Ticket ticket, Tick deadline, Now now) {
    net::Actions actions;
    peers_->resolve(ticket, deadline, chain_of_peers(), now, actions);
    take(std::move(actions), now);
}

void Node::take(net::Actions actions, Now now) {
    const bool none_wait = offers_.empty();
    for (auto& action : actions) {
        if (auto* offer = std::get_if<net::Offer>(&action))
            offers_.push_back(Offered{std::move(*offer), 0});
        else
            pending_.actions.push_back(std::move(action));
    }
    if (none_wait && !offers_.empty()) go_on_with_offers(now);
}

/// A slice of the headers that peers offer, in the order in which they came. What comes of an offer
/// may be another one.
void Node::go_on_with_offers(Now now) {
    for (std::size_t left = kHeadersAtOnce; left > 0 && !offers_.empty();) {
        Offered& first = offers_.front();
        Result<void, Rejection> verdict;
        for (; verdict && left > 0 && first.done < first.offer.headers.size(); --left)
            verdict = ledger_->add_header(first.offer.headers[first.done++], now.wall, *staged_);
        if (verdict && first.done < first.offer.headers.size()) return;
        const net::PeerId from = first.offer.from;
        offers_.pop_front();
        net::Actions actions;
        peers_->on_offered(from, verdict, chain_of_peers(), now, actions);
        for (auto& action : actions) {
            if (auto* offer = std::get_if<net::Offer>(&action))
                offers_.push_back(Offered{std::move(*offer), 0});
            else
                pending_.actions.push_back(std::move(action));
        }
    }
}

Result<std::string, StoreError> Node::restart(Now now) {
    if (auto written = write_staged(); !written) return fail(written.error());
    std::string backup;
    if (ledger_->tip().height > 1 || pool_->size(now).transfers > 0) {
        auto made = store_->backup();
        if (!made) return made;
        backup = std::move(*made);
    }
    const BlockHash left = ledger_->tip().hash;
    for (const auto table : kChainTables) staged_->clear(table);
    stage_genesis(*chain_, *staged_);
    auto ledger = Ledger::open(chain_, *staged_, options_.ledger);
    ENSURE(ledger.has_value());  // it reads what was staged in the line above
    ledger_.emplace(std::move(*ledger));
    pool_.emplace(options_.pool);
    keys_ = IdempotencyKeys{};
    more_ = false;
    offers_.clear();
    net::Actions actions;
    peers_->fall_silent(chain_of_peers(), now, actions);
    take(std::move(actions), now);
    if (left != ledger_->tip().hash) pending_.change.disconnected.push_back(left);
    return backup;
}

void Node::set_mining(bool on) {
    template_due_ = template_due_ || (on && !mining_);
    mining_ = on;
}

TemplatePtr Node::make_template() {
    auto work = std::make_shared<Template>();
    work->generation = generation_;
    work->previous = ledger_->tip().hash;
    work->context = ledger_->next_context(*staged_);
    const ChainSpec& spec = chain_->spec();
    const ConnectContext context{work->context.height, ledger_->tip().issued};
    auto wanted =
        pool_->best(spec.max_block - std::min<std::size_t>(spec.max_block, kBlockOverhead));
    if (is_near_cap(wanted.size(), context, spec)) {
        fill_near_cap(*work, std::move(wanted), context);
        return work;
    }
    // The pool has held each against its sender's balance and nonce.
    work->reward = subsidy_at(spec, context.height, context.issued);
    for (const auto& transfer : wanted) work->reward += transfer->fee();
    work->transfers = std::move(wanted);
    return work;
}

/// An opening may give less here than the pool was told.
void Node::fill_near_cap(Template& work, std::vector<TransferPtr> wanted,
                         const ConnectContext& context) {
    wanted.resize(std::min(wanted.size(), kNearCapTransfers));
    AccountSet accounts;
    for (const auto& transfer : wanted)
        for (const auto& who : {transfer->sender(), transfer->recipient()})
            if (!accounts.contains(who)) accounts.emplace(who, tables::account(*staged_, who));
    auto found = connectable(wanted, std::move(accounts), context, chain_->spec());
    work.reward = found.reward;
    work.transfers = std::move(found.transfers);
    for (const auto& [transfer, why] : found.refused)
        pool_->drop_from(*transfer, "it cannot be connected: " + why.to_string());
}

Result<bool, StoreError> Node::write_staged() {
    ledger_->stage_marks(*staged_);
    pool_->stage_sums(*staged_);
    if (staged_->fault()) return fail(*staged_->fault());
    if (staged_->empty()) return false;
    if (auto written = store_->write(std::move(*staged_).to_batch()); !written)
        return fail(written.error());
    staged_ = std::make_unique<Staged>(store_->snapshot());
    ++generation_;
    return true;
}

void Node::refresh_view(bool changed, Now now) {
    if (!changed && view_ && view_->peers == peers_->connected() &&
        view_->syncing == peers_->syncing())
        return;
    auto view = std::make_shared<View>();
    view->generation = generation_;
    view->chain = chain_;
    view->tip = ledger_->tip();
    view->pool = pool_->size(now);
    view->peers = peers_->connected();
    view->syncing = peers_->syncing();
    view->store = changed || !view_ ? store_->snapshot() : view_->store;
    view_ = std::move(view);
}

Result<Committed, StoreError> Node::commit(Now now) {
    const auto written = write_staged();
    if (!written) return fail(written.error());
    const bool changed = *written;
    Committed committed = std::exchange(pending_, {});
    std::vector<Txid> admitted;
    admitted.reserve(committed.admitted.size());
    for (const auto& transfer : committed.admitted) admitted.push_back(transfer->id());
    net::Actions actions;
    peers_->on_commit(committed.change, admitted, committed.settled, chain_of_peers(), now,
                      actions);
    take(std::move(actions), now);
    // What they say upon a commit speaks of what is durable.
    for (auto& action : std::exchange(pending_.actions, {}))
        committed.actions.push_back(std::move(action));
    refresh_view(changed, now);
    committed.view = view_;
    template_due_ = template_due_ || changed;
    const bool new_tip = template_tip_ != ledger_->tip().hash;
    // Half way of a long switch there is nothing to build on.
    if (mining_ && template_due_ && !ledger_->is_half_way() && !pool_->is_following() &&
        (new_tip || now.steady >= next_template_)) {
        committed.work = make_template();
        template_due_ = false;
        template_tip_ = ledger_->tip().hash;
        next_template_ = now.steady + committed.work->transfers.size() / kTransfersPerMs;
        // What was written stays written and is told; the next commit finds the fault.
        if (staged_->fault()) committed.work.reset();
    }
    return committed;
}

}  // namespace cairn
