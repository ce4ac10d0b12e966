#include "net/sync/sync.hpp"

#include "net/emit.hpp"
#include "net/sync/bodies.hpp"
#include "net/sync/header_room.hpp"

namespace cairn::net {
namespace {

/// New blocks that are announced one by one; of more, the last alone, and who lacks them asks.
constexpr std::size_t kAnnounced = 8;

}  // namespace

struct Sync::State {
    SyncPeers peers;
    Bodies bodies{peers};
    HeaderRoom room{bodies, peers};

    [[nodiscard]] SyncPeer* find(PeerId id) {
        const auto peer = peers.find(id);
        return peer == peers.end() || peer->second.closing ? nullptr : &peer->second;
    }
    [[nodiscard]] HeaderFetch::Env headers_env(Chain chain, Now now, Actions& out) {
        return {chain, heard_time(chain, now), bodies.target(), bodies.missing(), room, out};
    }
    void close_peer(PeerId id, SyncPeer& peer, std::string why, const Bodies::Env& env) {
        peer.closing = true;
        peer.headers.stop();
        close(env.out, id, std::move(why));
        bodies.release(id, peer, env);
    }
    void learn(PeerId id, SyncPeer& peer, HeaderFetch::Learnt learnt, const Bodies::Env& env) {
        if (!learnt) return close_peer(id, peer, std::move(learnt.error()), env);
        if (!*learnt) return;
        if (peer.best && peer.best->hash != (**learnt).hash) room.abandon(peer.best->hash);
        peer.best = **learnt;
        bodies.on_shown(peer, env);
    }
};

Sync::Sync() : state_{std::make_unique<State>()} {}
Sync::~Sync() = default;

void Sync::on_open(PeerId peer, const Hello& hello, bool active, Chain chain, Now now,
                   Actions& out) {
    SyncPeer& fresh = state_->peers.try_emplace(peer, peer).first->second;
    fresh.told = hello.tip;
    if (active) set_active(peer, true, chain, now, out);
}

void Sync::on_close(PeerId peer, Chain chain, Now now, Actions& out) {
    const auto gone = state_->peers.find(peer);
    if (gone == state_->peers.end()) return;
    gone->second.closing = true;
    state_->bodies.release(peer, gone->second, {chain, heard_time(chain, now), out});
    if (gone->second.best) state_->room.abandon(gone->second.best->hash);
    state_->peers.erase(gone);
}

void Sync::set_active(PeerId id, bool active, Chain chain, Now now, Actions& out) {
    SyncPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    const bool was_active = std::exchange(peer->active, active);
    if (active) {
        peer->headers.begin(state_->headers_env(chain, now, out));
        if (!was_active) state_->bodies.on_shown(*peer, {chain, heard_time(chain, now), out});
    } else if (was_active) {
        peer->headers.stop();
        state_->bodies.release(id, *peer, {chain, heard_time(chain, now), out});
    }
}

void Sync::on_headers(PeerId id, const Headers& message, Chain chain, Now now, Actions& out) {
    SyncPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    // Of one that is asked nothing, what it tells by itself is noted and no more.
    if (!peer->active) return peer->headers.note(message, chain);
    auto learnt = peer->headers.on_headers(message, state_->headers_env(chain, now, out));
    state_->learn(id, *peer, std::move(learnt), {chain, heard_time(chain, now), out});
}

void Sync::on_offered(PeerId id, const Result<void, Rejection>& verdict, Chain chain, Now now,
                      Actions& out) {
    SyncPeer* peer = state_->find(id);
    if (peer == nullptr) return;
    auto learnt = peer->headers.on_offered(verdict, state_->headers_env(chain, now, out));
    state_->learn(id, *peer, std::move(learnt), {chain, heard_time(chain, now), out});
}

void Sync::on_block(PeerId id, const BlockBody& body, Chain chain, Now now, Actions& out) {
    if (SyncPeer* peer = state_->find(id))
        state_->bodies.on_block(id, *peer, body, {chain, heard_time(chain, now), out});
}

void Sync::on_not_found(PeerId id, const BlockHash& block, Chain chain, Now now, Actions& out) {
    if (SyncPeer* peer = state_->find(id))
        state_->bodies.on_not_found(id, *peer, block, {chain, heard_time(chain, now), out});
}

void Sync::on_verdict(PeerId id, const BlockHash& block, const std::optional<Rejection>& refused,
                      Chain chain, Now now, Actions& out) {
    state_->bodies.on_verdict(id, block, refused, {chain, heard_time(chain, now), out});
}

void Sync::on_tip(const TipChange& change, bool announce, Chain chain, Now now, Actions& out) {
    state_->bodies.on_tip(change, {chain, heard_time(chain, now), out});
    // While much is missing the tip moves all the time and is nobody's news.
    if (!announce || state_->bodies.missing() > kAnnounced || chain.ledger.is_half_way()) return;

    const Tip& tip = chain.ledger.tip();
    SharedBytes frame;
    for (auto& [id, peer] : state_->peers) {
        if (peer.closing || peer.told == tip.hash) continue;
        // Who told us of it hears that we have it now: otherwise it would know of our first tip
        // only.
        if (peer.best && peer.best->work > tip.work) continue;
        if (!frame) {
            Headers news;
            const bool few = change.connected.size() <= kAnnounced;
            for (auto at = few ? change.connected.begin() : std::prev(change.connected.end());
                 at != change.connected.end(); ++at)
                if (const auto record = chain.ledger.header(chain.rows, *at))
                    news.headers.push_back({record->header, *at});
            if (news.headers.empty()) return;
            frame = std::make_shared<const Bytes>(encode(news));
        }
        peer.told = tip.hash;
        out.push_back(Send{id, frame});
    }
}

void Sync::on_tick(Chain chain, Now now, Actions& out) {
    const Bodies::Env env{chain, heard_time(chain, now), out};
    for (auto& [id, peer] : state_->peers)
        if (!peer.closing && peer.active)
            state_->learn(id, peer, peer.headers.on_tick(state_->headers_env(chain, now, out)),
                          env);
    state_->bodies.on_tick(env);
    state_->room.on_tick(chain, now);
}

bool Sync::has_more() const { return state_->bodies.has_more(); }

void Sync::go_on(Chain chain, Now now, Actions& out) {
    state_->bodies.go_on({chain, heard_time(chain, now), out});
}

Sync::Progress Sync::progress(PeerId id, Chain chain) const {
    const SyncPeer* peer = state_->find(id);
    if (peer == nullptr || !peer->active) return Progress::done;
    if (!peer->headers.idle()) return Progress::headers;
    if (!peer->asked.empty() || peer->checking > 0) return Progress::blocks;
    if (!peer->best || peer->best->work <= chain.ledger.tip().work) return Progress::done;
    const auto record = chain.ledger.header(chain.rows, peer->best->hash);
    return record && !record->invalid ? Progress::blocks : Progress::done;
}

std::optional<std::pair<BlockHash, Height>> Sync::best_of(PeerId id) const {
    const auto peer = state_->peers.find(id);
    if (peer == state_->peers.end()) return std::nullopt;
    return peer->second.headers.last_seen();
}

std::optional<std::string> Sync::ahead_of(PeerId id) const {
    const auto peer = state_->peers.find(id);
    if (peer == state_->peers.end()) return std::nullopt;
    return peer->second.headers.ahead();
}

bool Sync::syncing() const { return state_->bodies.busy(); }
std::size_t Sync::missing() const { return state_->bodies.missing(); }

std::uint64_t Sync::walked() const { return state_->bodies.walked(); }

std::size_t Sync::bytes_of(PeerId id) const {
    const SyncPeer* peer = state_->find(id);
    return peer == nullptr ? 0 : sizeof *peer + peer->headers.bytes();
}

}  // namespace cairn::net
