#include <algorithm>

#include "net/emit.hpp"
#include "net/peers/eviction.hpp"
#include "net/peers/state.hpp"

namespace cairn::net {
namespace {

/// A connection older than this did not begin at the same time as the one that comes now: if the
/// other side still had it, it would not have dialled again.
constexpr Tick kAtOnce = 10'000;  // ms

constexpr const char* kSilent =
    "this node was restarted and takes no peers until /nodes/register or /nodes/resolve";

}  // namespace

std::optional<std::string> Peers::State::refusal(const Hello& hello, Now now) const {
    if (book.silent()) return kSilent;
    if (hello.key == options.key) return "that is this node itself";
    if (!options.allowed.empty() && std::find(options.allowed.begin(), options.allowed.end(),
                                              hello.key) == options.allowed.end())
        return "its key is none of those that --allow-node names";
    UnixSeconds left = book.banned_for(hello.key, now);
    // What others of its address did is no matter of a node that the operator named.
    const auto from = ip_of(hello);
    if (from && !book.is_registered(hello.key)) left = std::max(left, book.banned_for(*from, now));
    if (left != 0)
        return "it broke a rule and is not let in for another " + std::to_string(left) + " s";
    if (hello.outbound) {
        const auto* node = book.find(hello.address);
        if (node != nullptr && node->key && *node->key != hello.key)
            return "it shows another key than at first contact; if that is right, DELETE /nodes/" +
                   hello.address.to_string() + " and register it again";
        return std::nullopt;
    }
    return std::nullopt;
}

bool Peers::State::is_named(const Hello& hello) const {
    if (book.is_registered(hello.key)) return true;
    if (hello.outbound) return is_ours_to_keep(hello.address);
    // Registered and never reached yet: as far as its address tells. It gets the place, not the
    // pin.
    const auto listening = listening_address(hello);
    const auto* node = listening ? book.find(*listening) : nullptr;
    return node != nullptr && !node->key &&
           std::none_of(peers.begin(), peers.end(),
                        [&](const auto& other) { return other.second.listening == listening; });
}

std::uint64_t Peers::State::lot_of(const Bytes& source) const {
    std::uint64_t lot = secret;
    for (const std::uint8_t byte : source) lot = Random{lot ^ byte}.next();
    return lot;
}

std::optional<std::string> Peers::State::make_room(const Hello& hello, Actions& out) {
    // Whom we dialled or the operator named always finds room, and so does who is here already.
    if (hello.outbound || is_named(hello) || peer_with(hello.key)) return std::nullopt;
    const auto ip = ip_of(hello).value_or(IpBytes{});
    const auto network = network_group(ip);
    std::vector<Guest> guests;
    std::size_t of_network = 0;
    std::size_t of_address = 0;
    for (const auto& [id, peer] : peers) {
        if (peer.hello.outbound || book.is_registered(peer.hello.key)) continue;
        const auto its = ip_of(peer.hello).value_or(IpBytes{});
        const Bytes source = source_group(its);
        if (network && network == network_group(its)) ++of_network;
        if (network && ip == its) ++of_address;
        guests.push_back({id, source, lot_of(source), peer.since, peer.ping, peer.gave_transfer,
                          peer.gave_block});
    }
    const auto refuse = [](std::size_t most, const std::string& whose) {
        return "this node has " + std::to_string(most) + " guests" + whose + " already";
    };
    if (of_address >= limits::kInboundOfAddress)
        return refuse(limits::kInboundOfAddress, " of its address");
    if (of_network >= limits::kInboundOfNetwork)
        return refuse(limits::kInboundOfNetwork, " of its network");
    if (guests.size() < limits::kInbound) return std::nullopt;
    const auto victim = guest_to_go(std::move(guests), source_group(ip));
    if (!victim) return refuse(limits::kInbound, "");
    out.push_back(Close{*victim, "its place went to a guest from elsewhere"});
    return std::nullopt;
}

bool Peers::State::newer_stays(const Peer& older, const Hello& newer, Now now) const {
    // Of the same side: who dials again has lost the first. Of both sides at once: both keep the
    // one that the smaller key dialled.
    if (older.hello.outbound == newer.outbound || now.steady >= older.since + kAtOnce) return true;
    return newer.outbound == (options.key < newer.key);
}

void Peers::State::admit(PeerId id, const Hello& hello, Chain chain, Now now, Actions& out) {
    auto why = refusal(hello, now);
    if (!why) why = make_room(hello, out);
    if (why) {
        out.push_back(Close{id, *why});
        if (hello.outbound)
            on_dial_ended(hello.address, *why,
                          hello.key == options.key ? DialFault::itself : DialFault::unreachable,
                          chain, now);
        return;
    }
    if (hello.outbound) {
        dialler.succeeded(hello.address);
        heard.erase(hello.address);
        if (book.is_registered(hello.address))
            book.pin(hello.address, hello.key, chain.rows);
        else if (is_ours_to_keep(hello.address))
            met.insert_or_assign(hello.address, hello.key);
        else if (parse_ip(hello.address.host))
            book.learn({hello.address, hello.key, now.wall}, random, chain.rows);
        note_dial(hello.address, std::nullopt);
    }
    if (const auto older = peer_with(hello.key)) {
        const char* twice = "another connection to the same node stays";
        const bool newer = newer_stays(peers.at(*older), hello, now);
        out.push_back(Close{newer ? *older : id, twice});
        if (!newer) return;
        drop(*older, twice, false, chain, now, out);
    }
    Peer peer{hello,
              listening_address(hello),
              class_of_peer(hello),
              options.gossip,
              now.steady,
              now.steady,
              std::nullopt,
              0,
              std::nullopt,
              0,
              0,
              false,
              std::nullopt,
              {},
              TokenBucket{limits::kAddrRate, limits::kAddrBurst, now.steady}};
    const bool named = is_named(hello);
    if (named) out.push_back(Favour{id});
    const auto [place, fresh] = peers.insert_or_assign(id, std::move(peer));
    sync->on_open(id, hello, options.gossip, chain, now, out);
    relay->on_open(id, hello.protocol, named || hello.outbound, options.gossip, now);
    greet(id, place->second, out);
    // Registered, or dialled for a resolve that is over by now: known, and no longer needed.
    if (!options.gossip && hello.outbound && !is_asked(hello.address))
        out.push_back(Close{id, "with gossip off a node keeps no connections of its own"});
}

void Peers::State::ban(const Hello& hello, Chain chain, Now now) {
    book.ban(hello.key, limits::kBanSeconds, now, chain.rows);
    // Behind a private or the loopback address stand many; a public one is its own.
    const auto ip = ip_of(hello);
    if (ip && class_of(*ip) == AddressClass::public_range)
        book.ban(*ip, limits::kBanSeconds, now, chain.rows);
}

void Peers::State::drop(PeerId id, const std::string& why, bool banned, Chain chain, Now now,
                        Actions& out) {
    const auto gone = peers.find(id);
    if (gone == peers.end()) return;
    const Peer peer = std::move(gone->second);
    peers.erase(gone);
    if (banned) ban(peer.hello, chain, now);
    if (peer.hello.outbound)
        dialler.closed(peer.hello.address, why, now.steady - peer.since,
                       longest_wait(peer.hello.address), now.steady);
    sync->on_close(id, chain, now, out);
    relay->on_close(id, chain, now, out);
}

void Peers::State::reap(std::size_t from, std::optional<PeerId> blamed, Chain chain, Now now,
                        Actions& out) {
    // Dropping one may make the rooms below close another: by index, for the list grows.
    for (std::size_t i = from; i < out.size(); ++i) {
        auto* told = std::get_if<Close>(&out[i]);
        if (told == nullptr || !peers.contains(told->peer)) continue;
        told->ban = told->ban || told->peer == blamed;
        const Close close = *told;
        drop(close.peer, close.why, close.ban, chain, now, out);
    }
}

void Peers::State::on_pong(Peer& peer, const Pong& pong, Now now) {
    if (!peer.pinged || pong.nonce != peer.ping_nonce) return;
    const Tick took = now.steady - *peer.pinged;
    peer.ping = std::min(took, peer.ping.value_or(took));
}

void Peers::State::keep_alive(Now now, Actions& out) {
    for (auto& [id, peer] : peers) {
        if (peer.pinged && now.steady >= *peer.pinged + limits::kPongWithin) {
            out.push_back(Close{id, "it said nothing for " +
                                        std::to_string(limits::kPongWithin / 1000) +
                                        " s after a ping"});
        } else if (!peer.pinged && now.steady >= peer.heard + limits::kPingEvery) {
            peer.pinged = now.steady;
            peer.ping_nonce = random.next();
            send(out, id, Ping{peer.ping_nonce});
        }
    }
}

}  // namespace cairn::net
