#include <algorithm>

#include "net/emit.hpp"
#include "net/peers/state.hpp"

namespace cairn::net {

bool Peers::State::note_known(Peer& peer, const NodeAddress& address) {
    if (peer.knows.size() >= limits::kAddresses) peer.knows.clear();
    return peer.knows.insert(address).second;
}

void Peers::State::greet(PeerId id, Peer& peer, Actions& out) {
    if (peer.listening) note_known(peer, *peer.listening);
    if (!options.gossip) return;
    if (!peer.hello.outbound && peer.listening && heard.size() < limits::kHeard &&
        !is_ours_to_keep(*peer.listening) && !own.contains(*peer.listening))
        heard.insert(*peer.listening);
    if (peer.hello.outbound) send(out, id, GetAddr{});
    tell_others(id, out);
}

void Peers::State::tell_others(PeerId about, Actions& out) {
    const Peer& news = peers.at(about);
    if (!news.listening) return;
    std::vector<PeerId> to;
    for (auto& [id, peer] : peers)
        if (id != about && may_pass(*news.listening, peer.reach) &&
            !peer.knows.contains(*news.listening))
            to.push_back(id);
    while (to.size() > limits::kAddrForwarded) {
        std::swap(to[random.below(to.size())], to.back());
        to.pop_back();
    }
    for (const PeerId id : to) {
        note_known(peers.at(id), *news.listening);
        send(out, id, Addr{{*news.listening}});
    }
}

void Peers::State::on_get_addr(PeerId id, Peer& peer, Actions& out) {
    // Once: otherwise one peer could have the whole table copied to it over and over.
    if (std::exchange(peer.addresses_told, true)) return;
    Addr answer;
    const auto tell = [&](const NodeAddress& address) {
        if (answer.addresses.size() < limits::kAddresses && may_pass(address, peer.reach) &&
            !own.contains(address) && peer.listening != address && note_known(peer, address))
            answer.addresses.push_back(address);
    };
    for (const auto& [other_id, other] : peers)
        if (other_id != id && other.listening) tell(*other.listening);
    for (const auto& node : book.registered())
        if (node.key != peer.hello.key) tell(node.address);
    for (const auto& [address, node] : book.learnt()) tell(address);
    if (!answer.addresses.empty()) send(out, id, answer);
}

void Peers::State::on_addr(Peer& peer, const Addr& message, Now now) {
    for (const auto& address : message.addresses) {
        if (!peer.addresses.take(1, now.steady)) return;
        note_known(peer, address);
        if (!options.gossip || own.contains(address) || !may_pass(address, peer.reach)) continue;
        if (book.learnt().contains(address) || is_ours_to_keep(address)) continue;
        if (heard.size() < limits::kHeard && heard.insert(address).second) next_look = 0;
    }
}

}  // namespace cairn::net
