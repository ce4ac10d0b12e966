#include "net/peers.hpp"

#include "net/emit.hpp"
#include "net/peers/state.hpp"

namespace cairn::net {

Peers::State::State(PeersOptions given)
    : options{std::move(given)},
      random{options.seed},
      secret{Random{~options.seed}.next()},
      dialler{Random{random.next()}} {
    sync.emplace();
    relay.emplace(secret);
}

Peers::Peers(PeersOptions options) : state_{std::make_unique<State>(std::move(options))} {}
Peers::~Peers() = default;
Peers::Peers(Peers&&) noexcept = default;

std::size_t Peers::load(Chain chain, Now now) {
    const std::size_t damaged = state_->book.load(chain.rows, now);
    if (!state_->options.connect.empty()) state_->end_silence(chain);
    return damaged;
}

void Peers::on_open(PeerId id, const Hello& hello, Chain chain, Now now, Actions& out) {
    const std::size_t from = out.size();
    state_->admit(id, hello, chain, now, out);
    state_->reap(from, std::nullopt, chain, now, out);
}

void Peers::on_close(PeerId id, const std::string& why, bool ban, Chain chain, Now now,
                     Actions& out) {
    const std::size_t from = out.size();
    state_->drop(id, why, ban, chain, now, out);
    state_->reap(from, std::nullopt, chain, now, out);
}

void Peers::on_dial_failed(const NodeAddress& to, const std::string& why, DialFault fault,
                           Chain chain, Now now, Actions&) {
    state_->on_dial_ended(to, why, fault, chain, now);
}

void Peers::on_message(PeerId id, const Message& message, Chain chain, Now now, Actions& out) {
    const auto found = state_->peers.find(id);
    if (found == state_->peers.end()) return;
    Peer& peer = found->second;
    const std::size_t from = out.size();
    peer.heard = now.steady;
    if (const auto* pong = std::get_if<Pong>(&message)) State::on_pong(peer, *pong, now);
    peer.pinged.reset();
    std::optional<PeerId> blamed;
    if (const auto* ping = std::get_if<Ping>(&message)) {
        send(out, id, Pong{ping->nonce});
    } else if (const auto* headers = std::get_if<Headers>(&message)) {
        // Headers that lead nowhere may come of a cut or of a restart; what follows on a block that
        // is here and is refused breaks a rule.
        const auto& list = headers->headers;
        const auto parent =
            list.empty() ? std::nullopt
                         : chain.ledger.header(chain.rows, list.front().header.previous_hash);
        if (parent) {
            blamed = id;
            peer.shown.emplace(list.back().hash, parent->height + list.size());
        }
        if (peer.active) state_->sync->on_headers(id, *headers, chain, now, out);
    } else if (const auto* inv = std::get_if<Inv>(&message)) {
        state_->note_blocks(peer, *inv, chain);
        state_->relay->on_inv(id, *inv, chain, now, out);
    } else if (const auto* page = std::get_if<PoolInv>(&message)) {
        state_->relay->on_pool_inv(id, *page, chain, now, out);
    } else if (const auto* block = std::get_if<BlockBody>(&message)) {
        state_->sync->on_block(id, *block, chain, now, out);
    } else if (const auto* transfer = std::get_if<TransferBody>(&message)) {
        state_->relay->on_transfer(id, *transfer, chain, now, out);
    } else if (const auto* missing = std::get_if<NotFound>(&message)) {
        for (const auto& item : missing->items) {
            if (item.kind == ItemKind::block)
                state_->sync->on_not_found(id, digest_cast<BlockHash>(item.hash), chain, now, out);
            else
                state_->relay->on_not_found(id, digest_cast<Txid>(item.hash), chain, now, out);
        }
    } else if (std::holds_alternative<GetAddr>(message)) {
        state_->on_get_addr(id, peer, out);
    } else if (const auto* addr = std::get_if<Addr>(&message)) {
        state_->on_addr(peer, *addr, now);
    }
    state_->reap(from, blamed, chain, now, out);
}

void Peers::on_offered(PeerId id, const Result<void, Rejection>& verdict, Chain chain, Now now,
                       Actions& out) {
    const std::size_t from = out.size();
    state_->sync->on_offered(id, verdict, chain, now, out);
    state_->reap(from, id, chain, now, out);
}

void Peers::on_verdict(PeerId id, const Item& what, const TransferPtr& transfer,
                       const std::optional<Rejection>& refused, Chain chain, Now now,
                       Actions& out) {
    const std::size_t from = out.size();
    if (const auto peer = state_->peers.find(id); peer != state_->peers.end() && !refused)
        (what.kind == ItemKind::block ? peer->second.gave_block : peer->second.gave_transfer) =
            now.steady;
    if (what.kind == ItemKind::block)
        state_->sync->on_verdict(id, digest_cast<BlockHash>(what.hash), refused, chain, now, out);
    else
        state_->relay->on_verdict(id, digest_cast<Txid>(what.hash), transfer, refused, chain, now,
                                  out);
    state_->reap(from, refused ? std::optional{id} : std::nullopt, chain, now, out);
}

void Peers::on_commit(const TipChange& change, const std::vector<Txid>& admitted,
                      const Pool::Settled& settled, Chain chain, Now now, Actions& out) {
    const std::size_t from = out.size();
    const bool gossip = state_->options.gossip;
    if (!change.empty()) {
        state_->relay->on_tip();
        state_->sync->on_tip(change, gossip, chain, now, out);
    }
    if (gossip) {
        std::vector<Txid> ids = admitted;
        // Some left in the same commit that brought them.
        std::erase_if(ids, [&](const Txid& id) { return chain.pool.find(id) == nullptr; });
        state_->relay->announce(ids, now, out);
        state_->relay->announce_again(settled.returned, chain, out);
    }
    state_->compare_pools(change, chain, now, out);
    state_->note_commit(change, settled);
    state_->go_on(chain, now, out);
    state_->end_registrations(now, out);
    state_->reap(from, std::nullopt, chain, now, out);
}

bool Peers::has_more() const { return state_->sync->has_more() || state_->relay->has_more(); }

void Peers::go_on(Chain chain, Now now, Actions& out) {
    if (state_->sync->has_more()) return state_->sync->go_on(chain, now, out);
    state_->relay->go_on(now, out);
}

void Peers::on_tick(Chain chain, Now now, Actions& out) {
    const std::size_t from = out.size();
    state_->book.lift_expired(now, chain.rows);
    state_->keep_alive(now, out);
    state_->sync->on_tick(chain, now, out);
    state_->relay->on_tick(chain, now, out);
    state_->compare_pools({}, chain, now, out);
    state_->reap(from, std::nullopt, chain, now, out);
    state_->dial_due(chain, now, out);
}

void Peers::register_nodes(Ticket ticket, const std::vector<std::string>& texts, Tick deadline,
                           Chain chain, Now now, Actions& out) {
    state_->register_nodes(ticket, texts, deadline, chain, now, out);
}

bool Peers::remove(const NodeAddress& address, Chain chain, Now now, Actions& out) {
    const auto peer = state_->peer_at(address);
    if (!state_->book.remove(address, chain.rows)) return false;
    const std::size_t from = out.size();
    if (peer) out.push_back(Close{*peer, "the operator removed it"});
    state_->reap(from, std::nullopt, chain, now, out);
    state_->dialler.forget(address);
    return true;
}

void Peers::resolve(Ticket ticket, Tick deadline, Chain chain, Now, Actions&) {
    state_->resolve(ticket, deadline, chain);
}

void Peers::fall_silent(Chain chain, Now now, Actions& out) {
    const std::size_t from = out.size();
    state_->book.set_silent(true, chain.rows);
    for (const auto& [id, peer] : state_->peers)
        out.push_back(Close{id, "this node was restarted"});
    state_->reap(from, std::nullopt, chain, now, out);
    state_->dialler.clear();
    state_->heard.clear();
    for (auto& registration : state_->registrations) registration.deadline = 0;
    for (auto& resolution : state_->resolutions) resolution.deadline = 0;
    // What they remember is of the chain that was.
    state_->sync.emplace();
    state_->relay.emplace(state_->secret);
}

std::vector<NodeState> Peers::nodes(Now now) const {
    const State& state = *state_;
    std::vector<NodeState> out;
    std::set<PeerId> listed;
    const auto fill = [&](NodeState& node, PeerId id) {
        const Peer& peer = state.peers.at(id);
        node.connected = true;
        node.outbound = peer.hello.outbound;
        node.state = "connected";
        node.key = peer.hello.key;
        node.agent = peer.hello.agent;
        node.index = peer.hello.height;
        node.hash = peer.hello.tip;
        if (peer.shown) std::tie(node.hash, node.index) = *peer.shown;
        if (const auto best = state.sync->best_of(id)) std::tie(node.hash, node.index) = *best;
        node.peer = id;
        node.connected_ms = now.steady - peer.since;
        listed.insert(id);
    };
    const auto list = [&](const NodeAddress& address, bool registered) {
        NodeState node;
        node.address = address.to_string();
        node.registered = registered;
        node.key = state.key_at(address);
        node.last_error = state.dialler.last_error(address);
        if (const auto id = state.peer_at(address))
            fill(node, *id);
        else if (state.book.silent())
            node.state = "silent";
        else if (state.dialler.dialling(address))
            node.state = "dialling";
        else
            node.state =
                node.key && state.book.banned_for(*node.key, now) != 0 ? "banned" : "waiting";
        out.push_back(std::move(node));
    };
    for (const auto& node : state.book.registered()) list(node.address, true);
    for (const auto& address : state.options.connect)
        if (!state.book.is_registered(address)) list(address, false);
    for (const auto& [id, peer] : state.peers) {
        if (listed.contains(id)) continue;
        NodeState node;
        node.address = (peer.listening ? *peer.listening : peer.hello.address).to_string();
        fill(node, id);
        out.push_back(std::move(node));
    }
    return out;
}

std::vector<NodeAddress> Peers::registered() const {
    std::vector<NodeAddress> out;
    for (const auto& node : state_->book.registered()) out.push_back(node.address);
    return out;
}

std::size_t Peers::connected() const { return state_->peers.size(); }
bool Peers::syncing() const { return state_->sync->syncing(); }
bool Peers::silent() const { return state_->book.silent(); }

}  // namespace cairn::net
