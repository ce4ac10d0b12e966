#include "net/relay/relay.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "net/budget.hpp"
#include "net/emit.hpp"
#include "net/limits.hpp"
#include "net/relay/distant.hpp"
#include "net/relay/known_items.hpp"
#include "net/relay/wanted.hpp"

namespace cairn::net {
namespace {

/// Refused transfers that are remembered until the tip moves.
constexpr std::size_t kRefused = 50'000;

constexpr std::uint16_t kPageAsked = 1'000;   // ids of a pool asked for at once
constexpr std::size_t kWantedOfPool = 2'000;  // transfers that wait while another page is asked for
constexpr std::size_t kComparedAtOnce = 4;    // pools
constexpr Tick kCompareEvery = 10'000;        // ms, the same peer's pool unless it is told to
constexpr Tick kCompareWithin = 60'000;       // ms, then others have their turn
constexpr std::uint64_t kPagesRate = 40;      // pages that guests are asked for, a second
constexpr std::size_t kReturned = 1'000'000;  // of blocks that were abandoned, to be announced
constexpr std::size_t kReturnedAtOnce = 2'000;
constexpr std::size_t kSendersAtOnce = 500;    // whose turn is looked at, a tick
constexpr std::size_t kOverdueAtOnce = 1'000;  // about 2 ms

/// Rules that a transfer breaks by itself, whatever the chain: an honest peer passes none such on.
bool is_fault(Rule rule) {
    switch (rule) {
        case Rule::malformed:
        case Rule::data_size:
        case Rule::amount_positive:
        case Rule::amount_range:
        case Rule::signature:
            return true;
        default:
            return false;
    }
}

/// Rules that the chain may cure: a block that is to come may make the transfer possible.
bool may_pass_later(Rule rule) {
    return rule == Rule::nonce_distant || rule == Rule::overdraft || rule == Rule::pool_balance;
}

Item item_of(const Txid& id) { return {ItemKind::transfer, digest_cast<Hash256>(id)}; }

/// A peer's pool is being told.
struct Comparison {
    Tick since = 0;
    std::optional<Tick> asked;  // a question that has no answer yet, and since when
    Txid after;                 // protocol 2: what was told up to here
    bool more = false;          // ... and there is more
    bool left_out = false;      // protocol 1: something had no place
    bool gained = false;        // ... and something of the rest had one
};

struct RelayPeer {
    explicit RelayPeer(std::uint64_t secret) : known{limits::kKnownItems, secret} {}

    std::uint32_t protocol = kProtocolNewest;
    bool named = false;
    bool active = false;
    bool closing = false;
    KnownItems known;
    std::optional<Comparison> comparison;
    Tick compare_from = 0;    // the next comparison; earlier it would find little
    Txid compare_after;       // where one that had to make room for others goes on
    bool due_on_tip = false;  // something was refused that a block may make possible
};

}  // namespace

struct Relay::State {
    explicit State(std::uint64_t given) : secret{given}, wanted{given}, refused{kRefused, given} {}

    std::uint64_t secret;
    std::map<PeerId, RelayPeer> peers;
    std::set<PeerId> due;                                      // to be compared
    std::size_t comparing = 0;                                 // with guests
    TokenBucket pages{kPagesRate * 1'000, 2 * kPagesRate, 0};  // of guests
    Wanted wanted;
    Distant distant;
    std::optional<Address> looked_at;  // the last sender of `distant` whose turn was looked at
    bool look_at_distant = false;
    bool has_overdue = false;
    KnownItems refused;
    std::deque<Txid> returned;  // came back out of blocks, to be announced

    [[nodiscard]] RelayPeer* find(PeerId id) {
        const auto peer = peers.find(id);
        return peer == peers.end() || peer->second.closing ? nullptr : &peer->second;
    }

    void begin(PeerId id, RelayPeer& peer, Now now, Actions& out) {
        due.erase(id);
        if (!peer.comparison && !peer.named) ++comparing;
        peer.comparison.emplace();
        peer.comparison->since = now.steady;
        peer.comparison->after = std::exchange(peer.compare_after, Txid{});
        peer.comparison->more = true;
        peer.compare_from = now.steady + kCompareEvery;
        peer.due_on_tip = false;
        ask_page(id, peer, now, out);
    }
    void end(RelayPeer& peer) {
        if (peer.comparison && !peer.named) --comparing;
        peer.comparison.reset();
    }
    /// Others wait for their turn: whoever's pool has been compared for long has had his.
    void make_way(PeerId id, RelayPeer& peer, Now now) {
        if (peer.named || !peer.comparison || due.empty() || comparing < kComparedAtOnce) return;
        if (now.steady - peer.comparison->since <= kCompareWithin) return;
        peer.compare_after = peer.comparison->after;
        end(peer);
        peer.compare_from = now.steady + kCompareEvery;
        due.insert(id);
    }
    /// Guests tell their pools at a bounded pace, together.
    void ask_page(PeerId id, RelayPeer& peer, Now now, Actions& out) {
        Comparison& comparison = *peer.comparison;
        if (peer.protocol >= 2 && !peer.named && !pages.take(1, now.steady)) return;
        comparison.asked = now.steady;
        comparison.left_out = comparison.gained = false;
        if (peer.protocol < 2) return send(out, id, Mempool{});
        send(out, id, Mempool{PoolPage{comparison.after, kPageAsked}});
    }
    /// Goes on with a comparison as soon as there is room for what it may tell.
    void go_on(PeerId id, Now now, Actions& out) {
        RelayPeer* peer = find(id);
        if (peer == nullptr || !peer->comparison || peer->comparison->asked) return;
        const Comparison& comparison = *peer->comparison;
        const std::size_t open = wanted.count(id);
        if (peer->protocol < 2) {
            if (!comparison.left_out) return end(*peer);
            if (open > 0) return;
            if (comparison.gained) return ask_page(id, *peer, now, out);
            peer->due_on_tip = true;
            return end(*peer);
        }
        if (!comparison.more) return end(*peer);
        if (open + kPageAsked <= kWantedOfPool) ask_page(id, *peer, now, out);
    }

    [[nodiscard]] static bool is_here(const Txid& id, Chain chain) {
        return chain.pool.find(id) != nullptr || tables::location(chain.rows, id).has_value();
    }

    /// Asks a peer, in the given order, as many in a message as may be.
    void ask(PeerId id, const std::vector<Txid>& ids, Now now, Actions& out) {
        GetData message;
        for (const auto& item : ids) {
            wanted.asked(item, now.steady);
            message.items.push_back(item_of(item));
            if (message.items.size() < limits::kGetDataItems) continue;
            send(out, id, message);
            message.items.clear();
        }
        if (!message.items.empty()) send(out, id, message);
    }
    void ask(const std::vector<Wanted::Next>& all, Now now, Actions& out) {
        std::map<PeerId, std::vector<Txid>> by_peer;
        for (const auto& next : all) by_peer[next.peer].push_back(next.id);
        for (const auto& [id, ids] : by_peer) ask(id, ids, now, out);
    }

    void forget_asking(PeerId id, RelayPeer& peer) {
        end(peer);
        due.erase(id);
        distant.leave(id);
    }
    void close_peer(PeerId id, RelayPeer& peer, std::string why, Now now, Actions& out) {
        peer.closing = true;
        close(out, id, std::move(why));
        forget_asking(id, peer);
        ask(wanted.leave(id), now, out);
    }
    void take_inventory(PeerId id, RelayPeer& peer, const std::vector<Txid>& ids, Chain chain,
                        Now now, Actions& out);
    void fetch_distant(const Address& sender, Chain chain, Now now, Actions& out);
    void on_refused(PeerId id, RelayPeer& peer, const Txid& txid, const TransferPtr& transfer,
                    Rule rule, Chain chain, Now now, Actions& out);
    void announce_returned(Chain chain, Actions& out);
};

Relay::Relay(std::uint64_t secret) : state_{std::make_unique<State>(secret)} {}
Relay::~Relay() = default;

void Relay::on_open(PeerId id, std::uint32_t protocol, bool named, bool active, Now now) {
    RelayPeer& peer = state_->peers.try_emplace(id, state_->secret).first->second;
    peer.protocol = protocol;
    peer.named = named;
    peer.compare_from = now.steady;
    peer.active = active;
    if (active) state_->due.insert(id);
}

void Relay::on_close(PeerId id, Chain, Now now, Actions& out) {
    const auto gone = state_->peers.find(id);
    if (gone == state_->peers.end()) return;
    state_->forget_asking(id, gone->second);
    state_->peers.erase(gone);
    state_->ask(state_->wanted.leave(id), now, out);
}

void Relay::set_active(PeerId id, bool active, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    peer->active = active;
    if (active) return state_->begin(id, *peer, now, out);
    state_->forget_asking(id, *peer);
    state_->ask(state_->wanted.leave(id), now, out);
}

std::vector<PeerId> Relay::due(Now now) const {
    std::vector<PeerId> ids;
    for (const PeerId id : state_->due) {
        const RelayPeer* peer = state_->find(id);
        if (peer != nullptr && !peer->comparison && now.steady >= peer->compare_from)
            ids.push_back(id);
    }
    // Whoever has waited longest.
    std::ranges::stable_sort(ids, {}, [&](PeerId id) { return state_->find(id)->compare_from; });
    return ids;
}

void Relay::compare(PeerId id, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    if (peer == nullptr || !peer->active || peer->comparison) return;
    if (peer->named || state_->comparing < kComparedAtOnce) state_->begin(id, *peer, now, out);
}

void Relay::compare_all() {
    for (const auto& [id, peer] : state_->peers)
        if (peer.active && !peer.closing) state_->due.insert(id);
}

void Relay::State::take_inventory(PeerId id, RelayPeer& peer, const std::vector<Txid>& ids,
                                  Chain chain, Now now, Actions& out) {
    std::vector<Txid> to_ask;
    for (const Txid& txid : ids) {
        peer.known.insert(txid);
        if (!peer.active || refused.contains(txid)) continue;
        if (wanted.is_announced_by(id, txid) || is_here(txid, chain)) continue;
        if (wanted.count(id) >= limits::kAnnouncedTransfers) {
            if (peer.protocol < 2 && peer.comparison)
                peer.comparison->left_out = true;
            else
                due.insert(id);
            continue;
        }
        if (wanted.add(id, txid)) to_ask.push_back(txid);
    }
    ask(id, to_ask, now, out);
}

void Relay::on_inv(PeerId id, const Inv& message, Chain chain, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    std::vector<Txid> ids;
    ids.reserve(message.items.size());
    for (const auto& item : message.items)
        if (item.kind == ItemKind::transfer) ids.push_back(digest_cast<Txid>(item.hash));
    state_->take_inventory(id, *peer, ids, chain, now, out);
    // As with headers, a full message means that there is more to come.
    const bool last = !message.goes_on && message.items.size() < limits::kInvItems;
    if (last && peer->protocol < 2 && peer->comparison) peer->comparison->asked.reset();
    state_->go_on(id, now, out);
}

void Relay::on_pool_inv(PeerId id, const PoolInv& message, Chain chain, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    // One that nobody asked for, or no longer waits for, tells nothing that is not told otherwise.
    if (peer == nullptr || peer->protocol < 2 || !peer->comparison || !peer->comparison->asked)
        return;
    Comparison& comparison = *peer->comparison;
    const bool beyond = message.ids.empty() || comparison.after < message.ids.front();
    if (!beyond || message.ids.size() > kPageAsked || (message.more && message.ids.empty()))
        return state_->close_peer(id, *peer, "its poolinv is no answer to what it was asked", now,
                                  out);
    comparison.asked.reset();
    comparison.more = message.more;
    if (!message.ids.empty()) comparison.after = message.ids.back();
    state_->take_inventory(id, *peer, message.ids, chain, now, out);
    state_->go_on(id, now, out);
}

void Relay::on_transfer(PeerId id, const TransferBody& body, Chain, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    peer->known.insert(body.id);
    if (!state_->wanted.arrived(id, body.id, now.steady)) return;
    out.push_back(Check{id, item_of(body.id), std::make_shared<const Bytes>(body.bytes)});
}

void Relay::on_not_found(PeerId id, const Txid& txid, Chain, Now now, Actions& out) {
    if (const auto other = state_->wanted.gone(id, txid))
        state_->ask({Wanted::Next{*other, txid}}, now, out);
    state_->go_on(id, now, out);
}

/// Asks for those of a sender's distant transfers that the pool would take by now. Not one by one:
/// only once there is a gap to fill.
void Relay::State::fetch_distant(const Address& sender, Chain chain, Now now, Actions& out) {
    const auto first = distant.first(sender);
    if (!first) return;
    const auto account = tables::account(chain.rows, sender);
    const std::uint64_t next = chain.pool.next_nonce(sender, account ? account->nonce : 0);
    const std::uint64_t reach = chain.pool.limits().future_per_sender;
    if (*first > next + reach / 2) return;
    std::map<PeerId, std::vector<Txid>> to_ask;
    for (const auto& entry : distant.take(sender, next + reach)) {
        if (entry.nonce < next || find(entry.peer) == nullptr || is_here(entry.id, chain)) continue;
        if (wanted.add(entry.peer, entry.id)) to_ask[entry.peer].push_back(entry.id);
    }
    for (const auto& [peer, ids] : to_ask) ask(peer, ids, now, out);
}

void Relay::State::on_refused(PeerId id, RelayPeer& peer, const Txid& txid,
                              const TransferPtr& transfer, Rule rule, Chain chain, Now now,
                              Actions& out) {
    if (rule != Rule::nonce_distant) refused.insert(txid);
    if (!may_pass_later(rule)) return;
    const bool noted = rule == Rule::nonce_distant && transfer &&
                       distant.note(transfer->sender(), {transfer->nonce(), id, txid});
    // What goes before it may have come while it was looked at.
    if (noted) return fetch_distant(transfer->sender(), chain, now, out);
    if (peer.protocol < 2 && peer.comparison) peer.comparison->left_out = true;
    peer.due_on_tip = true;
}

void Relay::on_verdict(PeerId id, const Txid& txid, const TransferPtr& transfer,
                       const std::optional<Rejection>& refused, Chain chain, Now now,
                       Actions& out) {
    state_->wanted.settle(txid);
    RelayPeer* peer = state_->find(id);
    if (!refused) {
        if (peer != nullptr && peer->comparison) peer->comparison->gained = true;
        if (transfer) state_->fetch_distant(transfer->sender(), chain, now, out);
    } else if (peer == nullptr) {
        if (refused->rule != Rule::nonce_distant) state_->refused.insert(txid);
    } else if (is_fault(refused->rule)) {
        state_->refused.insert(txid);
        return state_->close_peer(
            id, *peer, "it sent a transfer that breaks a rule: " + refused->to_string(), now, out);
    } else {
        state_->on_refused(id, *peer, txid, transfer, refused->rule, chain, now, out);
    }
    state_->go_on(id, now, out);
}

namespace {

std::vector<SharedBytes> inventories(const std::vector<Txid>& ids) {
    std::vector<SharedBytes> made;
    for (std::size_t from = 0; from < ids.size(); from += limits::kInvItems) {
        Inv message;
        const std::size_t to = std::min(ids.size(), from + limits::kInvItems);
        for (std::size_t i = from; i < to; ++i) message.items.push_back(item_of(ids[i]));
        made.push_back(std::make_shared<const Bytes>(encode(message)));
    }
    return made;
}

}  // namespace

void Relay::announce(const std::vector<Txid>& ids, Now now, Actions& out) {
    if (ids.empty()) return;
    for (const auto& txid : ids) state_->wanted.settle(txid);
    // Most peers lack all of them: that message is encoded once.
    std::vector<SharedBytes> to_most;
    for (auto& [id, peer] : state_->peers) {
        if (peer.closing) continue;
        std::vector<Txid> news;
        for (const auto& txid : ids)
            if (peer.known.insert(txid)) news.push_back(txid);
        if (news.size() == ids.size() && to_most.empty()) to_most = inventories(ids);
        for (const auto& frame : news.size() == ids.size() ? to_most : inventories(news))
            out.push_back(Send{id, frame});
    }
    // What was settled may have made room.
    for (auto& [id, peer] : state_->peers)
        if (peer.comparison) state_->go_on(id, now, out);
}

void Relay::announce_again(const std::vector<Txid>& ids, Chain chain, Actions& out) {
    for (const auto& txid : ids) {
        state_->wanted.settle(txid);
        if (state_->returned.size() < kReturned) state_->returned.push_back(txid);
    }
    state_->announce_returned(chain, out);
}

void Relay::State::announce_returned(Chain chain, Actions& out) {
    std::vector<Txid> ids;
    while (!returned.empty() && ids.size() < kReturnedAtOnce) {
        // Some left again in the commit that brought them, or since.
        if (chain.pool.find(returned.front()) != nullptr) ids.push_back(returned.front());
        returned.pop_front();
    }
    const auto frames = inventories(ids);
    for (const auto& [id, peer] : peers)
        if (!peer.closing)
            for (const auto& frame : frames) out.push_back(Send{id, frame});
}

void Relay::on_tip() {
    state_->refused.clear();
    state_->look_at_distant = state_->distant.size() > 0;
    for (auto& [id, peer] : state_->peers) {
        // What a block took is not told a second time, and what it made possible may be.
        if (peer.comparison) peer.comparison->gained = true;
        if (std::exchange(peer.due_on_tip, false) && peer.active) state_->due.insert(id);
    }
}

bool Relay::has_more() const { return state_->has_overdue; }

void Relay::go_on(Now now, Actions& out) {
    std::set<PeerId> late;
    state_->ask(state_->wanted.overdue(now.steady, kOverdueAtOnce, late), now, out);
    state_->has_overdue = state_->wanted.has_overdue(now.steady);
    // It may have been busy: what it was to send is found again in its pool.
    for (const PeerId id : late)
        if (const auto* peer = state_->find(id); peer != nullptr && peer->active)
            state_->due.insert(id);
}

void Relay::on_tick(Chain chain, Now now, Actions& out) {
    go_on(now, out);
    for (auto& [id, peer] : state_->peers) {
        if (peer.comparison && peer.comparison->asked &&
            now.steady - *peer.comparison->asked > limits::kTransferWithin) {
            state_->end(peer);
            peer.compare_from = now.steady + kCompareEvery;
            state_->due.insert(id);
        }
        state_->make_way(id, peer, now);
        state_->go_on(id, now, out);
    }
    state_->announce_returned(chain, out);
    if (!state_->look_at_distant) return;
    const auto senders = state_->distant.senders_after(state_->looked_at, kSendersAtOnce);
    for (const Address& sender : senders) state_->fetch_distant(sender, chain, now, out);
    state_->looked_at = senders.empty() ? std::nullopt : std::optional{senders.back()};
    state_->look_at_distant = !senders.empty();
}

bool Relay::idle(PeerId id) const {
    const RelayPeer* peer = state_->find(id);
    return peer == nullptr || (!peer->comparison && state_->wanted.count(id) == 0);
}

}  // namespace cairn::net
