#include "net/peers/state.hpp"

namespace cairn::net {

/// While the chain is behind a peer's, much of that peer's pool would be refused, for its transfers
/// stand on blocks that are not here. So a pool is compared once the chain has all of its owner's;
/// and when several blocks came at once, all pools are, for what was announced meanwhile was
/// refused as well.
void Peers::State::compare_pools(const TipChange& change, Chain chain, Now now, Actions& out) {
    catching_up =
        catching_up || change.connected.size() > 1 || (!change.empty() && sync->missing() > 0);
    if (chain.switching) return;
    if (catching_up && sync->missing() == 0) {
        catching_up = false;
        relay->compare_all();
    }
    const auto has_all_of = [&](PeerId id) {
        const auto progress = sync->progress(id, chain);
        // Of who claims no more than we have there is nothing to wait for.
        return progress == Sync::Progress::done ||
               (progress == Sync::Progress::headers &&
                peers.at(id).hello.work <= chain.ledger.tip().work);
    };
    for (const PeerId id : relay->due(now))
        if (peers.contains(id) && has_all_of(id)) relay->compare(id, now, out);
}

void Peers::State::note_blocks(Peer& peer, const Inv& message, Chain chain) {
    for (const auto& item : message.items) {
        if (item.kind != ItemKind::block) continue;
        const auto hash = digest_cast<BlockHash>(item.hash);
        if (const auto record = chain.ledger.header(chain.rows, hash))
            peer.shown.emplace(hash, record->height);
    }
}

}  // namespace cairn::net
