#include <algorithm>

#include "net/peers/state.hpp"

namespace cairn::net {
namespace {

constexpr std::size_t kHeardTries = 3;    // then an address that was heard of is forgotten
constexpr std::size_t kLearntTries = 12;  // of a node that was there once
constexpr std::size_t kLookedAt = 128;    // a second, of those that may be dialled
constexpr std::size_t kOwnMax = 64;
constexpr Tick kOwnFor = 3'600'000;  // ms, then it may be somebody else's
constexpr std::size_t kTargetsMax =
    2 * (limits::kRegistered + limits::kLearnt + limits::kHeard);  // then what is left over goes

}  // namespace

std::optional<NodeKey> Peers::State::key_at(const NodeAddress& address) const {
    if (const auto* node = book.find(address)) return node->key;
    if (const auto learnt = book.learnt().find(address); learnt != book.learnt().end())
        return learnt->second.key;
    const auto known = met.find(address);
    return known == met.end() ? std::nullopt : std::optional{known->second};
}

std::optional<PeerId> Peers::State::peer_with(const NodeKey& key) const {
    for (const auto& [id, peer] : peers)
        if (peer.hello.key == key) return id;
    return std::nullopt;
}

std::optional<PeerId> Peers::State::peer_at(const NodeAddress& address) const {
    if (const auto key = key_at(address)) return peer_with(*key);
    for (const auto& [id, peer] : peers)
        if (peer.hello.outbound && peer.hello.address == address) return id;
    return std::nullopt;
}

bool Peers::State::is_ours_to_keep(const NodeAddress& address) const {
    return book.is_registered(address) || std::find(options.connect.begin(), options.connect.end(),
                                                    address) != options.connect.end();
}

void Peers::State::end_silence(Chain chain) { book.set_silent(false, chain.rows); }

void Peers::State::dial(const NodeAddress& address, Now now, Actions& out) {
    dialler.begin(address, now.steady);
    out.push_back(Dial{address});
}

void Peers::State::dial_due(Chain chain, Now now, Actions& out) {
    for (const auto& address : dialler.overdue(now.steady))
        on_dial_ended(address, "the dial never came to an end", DialFault::unreachable, chain, now);
    std::erase_if(own, [&](const auto& found) { return now.steady >= found.second + kOwnFor; });
    if (book.silent() || !options.gossip) return;

    const auto look_at = [&](const NodeAddress& address) {
        if (!dialler.due(address, now.steady) || peer_at(address)) return;
        if (const auto key = key_at(address); key && book.banned_for(*key, now) != 0) return;
        dial(address, now, out);
    };
    for (const auto& node : book.registered()) look_at(node.address);
    for (const auto& address : options.connect)
        if (!book.is_registered(address)) look_at(address);
    if (now.steady < next_look) return;
    next_look = now.steady + 1'000;
    dial_others(now, out);
}

void Peers::State::dial_others(Now now, Actions& out) {
    std::set<Bytes> groups;
    std::set<NodeAddress> reached;
    std::size_t outbound = 0;
    for (const auto& [id, peer] : peers) {
        if (peer.listening) reached.insert(*peer.listening);
        if (!peer.hello.outbound || is_ours_to_keep(peer.hello.address)) continue;
        ++outbound;
        if (auto group = network_group(peer.hello.address)) groups.insert(std::move(*group));
    }
    if (dialler.size() > kTargetsMax)
        dialler.keep_only([&](const NodeAddress& address) {
            return is_ours_to_keep(address) || heard.contains(address) ||
                   book.learnt().contains(address) || is_asked(address);
        });
    for (const auto& address : dialler.under_way()) {
        if (is_ours_to_keep(address)) continue;
        ++outbound;
        if (auto group = network_group(address)) groups.insert(std::move(*group));
    }
    if (outbound >= limits::kOutbound) return;
    std::vector<const NodeAddress*> candidates;
    for (const auto& [address, node] : book.learnt()) candidates.push_back(&address);
    for (const auto& address : heard)
        if (!book.learnt().contains(address)) candidates.push_back(&address);
    const auto may_be_dialled = [&](const NodeAddress& address) {
        if (is_ours_to_keep(address) || own.contains(address) || reached.contains(address))
            return false;
        if (!dialler.due(address, now.steady) || peer_at(address)) return false;
        if (const auto key = key_at(address); key && book.banned_for(*key, now) != 0) return false;
        const auto ip = parse_ip(address.host);
        return !ip || book.banned_for(*ip, now) == 0;
    };
    for (std::size_t left = kLookedAt;
         outbound < limits::kOutbound && left > 0 && !candidates.empty(); --left) {
        std::swap(candidates[random.below(candidates.size())], candidates.back());
        const NodeAddress& address = *candidates.back();
        candidates.pop_back();
        if (!may_be_dialled(address)) continue;
        auto group = network_group(address);
        if (group && !groups.insert(std::move(*group)).second) continue;
        dial(address, now, out);
        ++outbound;
    }
}

/// What whoever answers says of itself (another chain, our own key) is not proven by anything: it
/// may be anybody who took the address while its node is down. So it decides about nothing that is
/// kept; only a registration that still waits for its first answer is told, and ends by it.
void Peers::State::on_dial_ended(const NodeAddress& address, const std::string& why,
                                 DialFault fault, Chain chain, Now now) {
    dialler.failed(address, why, longest_wait(address), now.steady);
    const bool hopeless = fault != DialFault::unreachable;
    if (hopeless && is_first_contact(address)) book.remove(address, chain.rows);
    if (fault == DialFault::itself && !is_ours_to_keep(address) && own.size() < kOwnMax)
        own.insert_or_assign(address, now.steady);
    const std::size_t tries = dialler.failures(address);
    if (hopeless || tries >= kHeardTries) heard.erase(address);
    if (tries >= kLearntTries) book.forget(address, chain.rows);
    note_dial(address, why);
    if (!is_ours_to_keep(address) && !heard.contains(address) && !book.learnt().contains(address) &&
        !is_asked(address))
        dialler.forget(address);
}

Tick Peers::State::longest_wait(const NodeAddress& address) const {
    return is_ours_to_keep(address) ? limits::kDialMaxKept : limits::kDialMax;
}

}  // namespace cairn::net
