#include "net/peers.hpp"

#include <map>
#include <variant>

#include "net/relay/relay.hpp"
#include "net/sync/sync.hpp"

namespace cairn::net {

struct Peers::State {
    PeersOptions options;
    Sync sync;
    Relay relay;
    struct Peer {
        Hello hello;
        bool active = true;
    };
    std::map<PeerId, Peer> peers;
};

Peers::Peers(PeersOptions options) : state_{std::make_unique<State>()} {
    state_->options = std::move(options);
}
Peers::~Peers() = default;
Peers::Peers(Peers&&) noexcept = default;

void Peers::load(Chain, Now) {}

void Peers::on_open(PeerId peer, const Hello& hello, Chain chain, Now now, Actions& out) {
    const bool active = state_->options.gossip;
    state_->peers[peer] = {hello, active};
    state_->sync.on_open(peer, hello, active, chain, now, out);
    state_->relay.on_open(peer, active, now, out);
}

void Peers::on_close(PeerId peer, const std::string&, bool, Chain chain, Now now, Actions& out) {
    if (state_->peers.erase(peer) == 0) return;
    state_->sync.on_close(peer, chain, now, out);
    state_->relay.on_close(peer, chain, now, out);
}

void Peers::on_dial_failed(const NodeAddress&, const std::string&, DialFault, Chain, Now,
                           Actions&) {}

void Peers::on_message(PeerId peer, const Message& message, Chain chain, Now now, Actions& out) {
    if (!state_->peers.contains(peer)) return;
    if (const auto* headers = std::get_if<Headers>(&message))
        state_->sync.on_headers(peer, *headers, chain, now, out);
    else if (const auto* inv = std::get_if<Inv>(&message))
        state_->relay.on_inv(peer, *inv, chain, now, out);
    else if (const auto* block = std::get_if<BlockBody>(&message))
        state_->sync.on_block(peer, *block, chain, now, out);
    else if (const auto* transfer = std::get_if<TransferBody>(&message))
        state_->relay.on_transfer(peer, *transfer, chain, now, out);
    else if (const auto* missing = std::get_if<NotFound>(&message)) {
        for (const auto& item : missing->items) {
            if (item.kind == ItemKind::block)
                state_->sync.on_not_found(peer, digest_cast<BlockHash>(item.hash), chain, now, out);
            else
                state_->relay.on_not_found(peer, digest_cast<Txid>(item.hash), chain, now, out);
        }
    }
}

void Peers::on_offered(PeerId peer, const Result<void, Rejection>& verdict, Chain chain, Now now,
                       Actions& out) {
    state_->sync.on_offered(peer, verdict, chain, now, out);
}

void Peers::on_verdict(PeerId peer, const Item& what, const std::optional<Rejection>& refused,
                       Chain chain, Now now, Actions& out) {
    if (what.kind == ItemKind::block)
        state_->sync.on_verdict(peer, digest_cast<BlockHash>(what.hash), refused, chain, now, out);
    else
        state_->relay.on_verdict(peer, digest_cast<Txid>(what.hash), refused, chain, now, out);
}

void Peers::on_commit(const TipChange& change, const std::vector<Txid>& admitted,
                      const Pool::Settled& settled, Chain chain, Now now, Actions& out) {
    if (!change.empty()) {
        state_->relay.on_tip(now);
        state_->sync.on_tip(change, state_->options.gossip, chain, now, out);
    }
    if (state_->options.gossip && !admitted.empty()) state_->relay.announce(admitted, now, out);
    if (state_->options.gossip && !settled.returned.empty())
        state_->relay.announce(settled.returned, now, out);
}

void Peers::on_tick(Chain chain, Now now, Actions& out) {
    state_->sync.on_tick(chain, now, out);
    state_->relay.on_tick(chain, now, out);
}

void Peers::register_nodes(Ticket ticket, const std::vector<std::string>&, Tick, Chain, Now,
                           Actions& out) {
    out.emplace_back(Registered{ticket, {}});
}
bool Peers::remove(const NodeAddress&, Chain, Now, Actions&) { return false; }
void Peers::resolve(Ticket ticket, Tick, Chain, Now, Actions& out) {
    out.emplace_back(Resolved{ticket, {}});
}
void Peers::fall_silent(Chain, Now, Actions& out) {
    for (const auto& [id, peer] : state_->peers)
        out.emplace_back(Close{id, "this node was begun anew"});
}

std::vector<NodeState> Peers::nodes(Now) const { return {}; }
std::vector<NodeAddress> Peers::registered() const { return {}; }
std::size_t Peers::connected() const { return state_->peers.size(); }
bool Peers::syncing() const { return state_->sync.syncing(); }
bool Peers::silent() const { return false; }

}  // namespace cairn::net
