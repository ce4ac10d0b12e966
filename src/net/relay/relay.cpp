#include "net/relay/relay.hpp"

#include <map>

#include "net/emit.hpp"
#include "net/limits.hpp"
#include "net/relay/known_items.hpp"
#include "net/relay/wanted.hpp"

namespace cairn::net {
namespace {

/// Refused transfers that are remembered until the tip moves.
constexpr std::size_t kRefused = 50'000;

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

Item item_of(const Txid& id) { return {ItemKind::transfer, digest_cast<Hash256>(id)}; }

struct RelayPeer {
    bool active = false;
    bool closing = false;
    KnownItems known{limits::kKnownItems};
    /// Since when the answer to `mempool` is due.
    std::optional<Tick> comparing;
    /// Something it announced had no place; its pool is asked for again once there is room, as long
    /// as that gets us anything.
    bool left_out = false;
    bool gained = false;
};

}  // namespace

struct Relay::State {
    std::map<PeerId, RelayPeer> peers;
    Wanted wanted;
    KnownItems refused{kRefused};

    [[nodiscard]] RelayPeer* find(PeerId id) {
        const auto peer = peers.find(id);
        return peer == peers.end() || peer->second.closing ? nullptr : &peer->second;
    }

    void compare(PeerId id, RelayPeer& peer, Now now, Actions& out) {
        peer.comparing = now.steady;
        peer.left_out = false;
        peer.gained = false;
        send(out, id, Mempool{});
    }
    /// Goes on where the last comparison had to stop.
    void compare_again(PeerId id, Now now, Actions& out) {
        RelayPeer* peer = find(id);
        if (peer == nullptr || !peer->active || peer->comparing || !peer->left_out) return;
        if (wanted.count(id) == 0 && peer->gained) compare(id, *peer, now, out);
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
};

Relay::Relay() : state_{std::make_unique<State>()} {}
Relay::~Relay() = default;

void Relay::on_open(PeerId id, bool active, Now now, Actions& out) {
    RelayPeer& peer = state_->peers[id];
    peer.active = active;
    if (active) state_->compare(id, peer, now, out);
}

void Relay::on_close(PeerId id, Chain, Now now, Actions& out) {
    state_->peers.erase(id);
    state_->ask(state_->wanted.leave(id), now, out);
}

void Relay::set_active(PeerId id, bool active, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    peer->active = active;
    if (active) return state_->compare(id, *peer, now, out);
    peer->comparing.reset();
    peer->left_out = false;
    state_->ask(state_->wanted.leave(id), now, out);
}

void Relay::on_inv(PeerId id, const Inv& message, Chain chain, Now now, Actions& out) {
    RelayPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    std::vector<Txid> ask;
    for (const auto& item : message.items) {
        if (item.kind != ItemKind::transfer) continue;
        const Txid txid = digest_cast<Txid>(item.hash);
        peer->known.insert(txid);
        if (!peer->active || state_->refused.contains(txid)) continue;
        if (state_->wanted.is_announced_by(id, txid)) continue;
        if (State::is_here(txid, chain)) continue;
        if (state_->wanted.count(id) >= limits::kAnnouncedTransfers) {
            peer->left_out = true;
            continue;
        }
        if (state_->wanted.add(id, txid)) ask.push_back(txid);
    }
    state_->ask(id, ask, now, out);
    // As with headers, a full message means that there is more to come.
    if (message.items.size() < limits::kInvItems) peer->comparing.reset();
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
    state_->compare_again(id, now, out);
}

void Relay::on_verdict(PeerId id, const Txid& txid, const std::optional<Rejection>& refused, Chain,
                       Now now, Actions& out) {
    state_->wanted.settle(txid);
    RelayPeer* peer = state_->find(id);
    if (!refused) {
        if (peer != nullptr) peer->gained = true;
    } else if (refused->rule == Rule::nonce_distant) {
        // What goes before it may be on its way: it has its turn at the next comparison.
        if (peer != nullptr) peer->left_out = true;
    } else {
        state_->refused.insert(txid);
    }
    if (refused && is_fault(refused->rule) && peer != nullptr) {
        peer->closing = true;
        close(out, id, "it sent a transfer that breaks a rule: " + refused->to_string());
        state_->ask(state_->wanted.leave(id), now, out);
        return;
    }
    state_->compare_again(id, now, out);
}

void Relay::announce(const std::vector<Txid>& ids, Now, Actions& out, bool again) {
    if (ids.empty()) return;
    for (const auto& txid : ids) state_->wanted.settle(txid);
    // Most peers lack all of them: that message is encoded once.
    std::vector<SharedBytes> to_most;
    const auto frames = [](const std::vector<Txid>& list) {
        std::vector<SharedBytes> made;
        for (std::size_t from = 0; from < list.size(); from += limits::kInvItems) {
            Inv message;
            const std::size_t to = std::min(list.size(), from + limits::kInvItems);
            for (std::size_t i = from; i < to; ++i) message.items.push_back(item_of(list[i]));
            made.push_back(std::make_shared<const Bytes>(encode(message)));
        }
        return made;
    };
    for (auto& [id, peer] : state_->peers) {
        if (peer.closing) continue;
        std::vector<Txid> news;
        for (const auto& txid : ids)
            if (peer.known.insert(txid) || again) news.push_back(txid);
        if (news.empty()) continue;
        if (news.size() == ids.size()) {
            if (to_most.empty()) to_most = frames(ids);
            for (const auto& frame : to_most) out.push_back(Send{id, frame});
        } else {
            for (const auto& frame : frames(news)) out.push_back(Send{id, frame});
        }
    }
}

void Relay::on_tip(Now) { state_->refused.clear(); }

void Relay::on_tick(Chain, Now now, Actions& out) {
    state_->ask(state_->wanted.overdue(now.steady), now, out);
    for (auto& [id, peer] : state_->peers) {
        if (peer.comparing && now.steady - *peer.comparing > limits::kTransferWithin)
            peer.comparing.reset();
        state_->compare_again(id, now, out);
    }
}

bool Relay::idle(PeerId id) const {
    const RelayPeer* peer = state_->find(id);
    return peer == nullptr || (!peer->comparing && state_->wanted.count(id) == 0);
}

}  // namespace cairn::net
