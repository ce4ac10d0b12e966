#include <algorithm>
#include <utility>

#include "net/peers/state.hpp"

namespace cairn::net {

void Peers::State::resolve(Ticket ticket, Tick deadline, Chain chain) {
    end_silence(chain);
    Resolution asked;
    asked.ticket = ticket;
    asked.deadline = deadline;
    for (const auto& node : book.registered())
        asked.nodes.push_back({node.address, {}, {}, {}, {}, {}});
    resolutions.push_back(std::move(asked));
}

bool Peers::State::is_asked(const NodeAddress& address) const {
    for (const auto& resolution : resolutions)
        for (const auto& node : resolution.nodes)
            if (node.address == address && node.phase != Resolution::Phase::done) return true;
    return false;
}

void Peers::State::set_active(PeerId id, bool active, Chain chain, Now now, Actions& out) {
    const auto peer = peers.find(id);
    if (peer == peers.end()) return;
    peer->second.active = active;
    sync->set_active(id, active, chain, now, out);
}

void Peers::State::note_commit(const TipChange& change, const Pool::Settled& settled) {
    for (auto& resolution : resolutions) {
        if (!std::exchange(resolution.begun, true)) continue;
        resolution.replaced = resolution.replaced || !change.connected.empty();
        auto& list = resolution.dropped;
        for (const auto& dropped : settled.dropped)
            list.push_back({dropped.transfer->id(), dropped.reason});
        const auto is_back = [](const std::vector<Txid>& ids, const Txid& id) {
            return std::find(ids.begin(), ids.end(), id) != ids.end();
        };
        if (!settled.returned.empty() || !settled.confirmed.empty())
            std::erase_if(list, [&](const auto& dropped) {
                return is_back(settled.returned, dropped.id) ||
                       is_back(settled.confirmed, dropped.id);
            });
    }
}

void Peers::State::ask(Resolution::Node& node, Chain chain, Now now, Actions& out) {
    using Phase = Resolution::Phase;
    const auto fail_with = [&node](std::string why) {
        node.error = std::move(why);
        node.phase = Phase::done;
    };
    if (node.phase == Phase::done) return;
    if (!book.is_registered(node.address)) {
        const std::string why = dialler.last_error(node.address);
        return fail_with(why.empty() ? "it was removed meanwhile" : why);
    }
    const auto peer = peer_at(node.address);
    if (node.phase != Phase::reach && peer != node.peer) {
        // Perhaps for another connection to the same node; if it was a guest who left, it is
        // dialled.
        if (!peer && node.dialled)
            return fail_with("the connection ended: " + dialler.last_error(node.address));
        node.phase = Phase::reach;
    }
    if (node.phase == Phase::reach) {
        if (peer) {
            node.peer = *peer;
            node.phase = Phase::chain;
            set_active(*peer, true, chain, now, out);
            return;
        }
        if (dialler.dialling(node.address)) {
            node.dialled = true;
        } else if (node.dialled) {
            fail_with(dialler.last_error(node.address));
        } else {
            dial(node.address, now, out);
            node.dialled = true;
        }
        return;
    }
    if (node.phase == Phase::chain) {
        if (chain.switching || sync->progress(node.peer, chain) != Sync::Progress::done) return;
        if (auto why = sync->ahead_of(node.peer)) {
            node.ahead = true;
            return fail_with(std::move(*why));
        }
        // Only now: what its pool holds may need what its chain brought.
        node.phase = Phase::pool;
        relay->set_active(node.peer, true, now, out);
        return;
    }
    if (relay->idle(node.peer)) node.phase = Phase::done;
}

void Peers::State::let_go(const Resolution& resolution, Chain chain, Now now, Actions& out) {
    if (options.gossip) return;
    for (const auto& node : resolution.nodes) {
        const auto peer = peers.find(node.peer);
        if (peer == peers.end() || is_asked(node.address)) continue;
        relay->set_active(node.peer, false, now, out);
        set_active(node.peer, false, chain, now, out);
        if (peer->second.hello.outbound)
            out.push_back(Close{node.peer, "it was asked, and with gossip off nothing else is"});
    }
}

void Peers::State::go_on(Chain chain, Now now, Actions& out) {
    if (!book.silent())
        for (auto& resolution : resolutions)
            for (auto& node : resolution.nodes) ask(node, chain, now, out);
    std::vector<Resolution> over;
    for (auto at = resolutions.begin(); at != resolutions.end();) {
        const bool all = std::all_of(at->nodes.begin(), at->nodes.end(), [](const auto& node) {
            return node.phase == Resolution::Phase::done;
        });
        if (now.steady < at->deadline && (!all || chain.switching)) {
            ++at;
            continue;
        }
        over.push_back(std::move(*at));
        at = resolutions.erase(at);
    }
    for (auto& resolution : over) {
        Resolved answer{resolution.ticket, {resolution.replaced, {}, {}}};
        for (auto& node : resolution.nodes) {
            if (node.phase == Resolution::Phase::reach)
                node.error = "nobody answered there in time";
            else if (node.phase != Resolution::Phase::done)
                node.error = "it did not tell everything in time";
            answer.outcome.nodes.push_back({node.address.to_string(), node.error, node.ahead});
        }
        let_go(resolution, chain, now, out);
        answer.outcome.dropped = std::move(resolution.dropped);
        out.push_back(std::move(answer));
    }
}

}  // namespace cairn::net
