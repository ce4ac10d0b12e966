#pragma once

#include <deque>
#include <map>
#include <set>

#include "net/budget.hpp"
#include "net/limits.hpp"
#include "net/peers.hpp"
#include "net/peers/book.hpp"
#include "net/peers/dialler.hpp"
#include "net/peers/reach.hpp"
#include "net/relay/relay.hpp"
#include "net/sync/sync.hpp"

namespace cairn::net {

/// A connection that counts.
struct Peer {
    Hello hello;
    std::optional<NodeAddress> listening;  // where others can dial it
    AddressClass reach = AddressClass::public_range;
    bool active = false;  // we ask it for headers, bodies and transfers
    Tick since = 0;
    Tick heard = 0;  // the last word of it
    std::optional<Tick> pinged;
    std::uint64_t ping_nonce = 0;
    std::optional<Tick> ping;  // the shortest, ms
    Tick gave_transfer = 0;    // that we did not have, last
    Tick gave_block = 0;
    bool addresses_told = false;
    /// The end of the headers it told last, if it is known what they follow.
    std::optional<std::pair<BlockHash, Height>> shown;
    std::set<NodeAddress> knows;  // addresses it was told or told us, at most kAddresses
    TokenBucket addresses;
};

/// What waits for an end of its own: /nodes/register.
struct Registration {
    struct Entry {
        std::string text;
        std::optional<NodeAddress> address;
        std::optional<std::string> refused;  // why it is not stored
        std::optional<std::string> failed;   // what came of the dial
        bool connected = false;
        bool fresh = false;  // stored by this very question
        [[nodiscard]] bool ended() const { return refused || failed || connected; }
    };
    Ticket ticket = 0;
    Tick deadline = 0;
    std::vector<Entry> entries;
};

/// The same: /nodes/resolve.
struct Resolution {
    enum class Phase : std::uint8_t { reach, chain, pool, done };
    struct Node {
        NodeAddress address;
        Phase phase = Phase::reach;
        bool dialled = false;
        PeerId peer = 0;
        std::optional<std::string> error;
        bool ahead = false;
    };
    Ticket ticket = 0;
    Tick deadline = 0;
    std::vector<Node> nodes;
    bool begun = false;  // what its own commit brings happened before it
    bool replaced = false;
    std::vector<DroppedTransfer> dropped;
};

/// Everything that `Peers` hides, in one place; what is done with it stands in the files beside.
struct Peers::State {
    explicit State(PeersOptions given);

    // admission.cpp: who counts, and what ends a connection
    void admit(PeerId id, const Hello& hello, Chain chain, Now now, Actions& out);
    /// The sentence for a connection that does not count; none if it does.
    [[nodiscard]] std::optional<std::string> refusal(const Hello& hello, Now now) const;
    /// Whether the operator named the node: it always finds room.
    [[nodiscard]] bool is_named(const Hello& hello) const;
    /// The same for want of room; a guest may be closed to make some.
    [[nodiscard]] std::optional<std::string> make_room(const Hello& hello, Actions& out);
    [[nodiscard]] std::uint64_t lot_of(const Bytes& source) const;
    /// Whether a new connection to a node is kept rather than the one there is.
    [[nodiscard]] bool newer_stays(const Peer& older, const Hello& newer, Now now) const;
    void drop(PeerId id, const std::string& why, bool ban, Chain chain, Now now, Actions& out);
    /// Peers that are told to close from `from` on are gone at once; `blamed` for a fault of its
    /// own.
    void reap(std::size_t from, std::optional<PeerId> blamed, Chain chain, Now now, Actions& out);
    void ban(const Hello& hello, Chain chain, Now now);
    void keep_alive(Now now, Actions& out);
    static void on_pong(Peer& peer, const Pong& pong, Now now);

    // dialling.cpp: who is dialled
    void dial_due(Chain chain, Now now, Actions& out);
    void dial(const NodeAddress& address, Now now, Actions& out);
    void dial_others(Now now, Actions& out);
    void on_dial_ended(const NodeAddress& address, const std::string& why, DialFault fault,
                       Chain chain, Now now);
    [[nodiscard]] std::optional<NodeKey> key_at(const NodeAddress& address) const;
    [[nodiscard]] std::optional<PeerId> peer_with(const NodeKey& key) const;
    /// The connection to a node that we dial ourselves: by its pinned key, or by the dialled
    /// address.
    [[nodiscard]] std::optional<PeerId> peer_at(const NodeAddress& address) const;
    [[nodiscard]] bool is_ours_to_keep(const NodeAddress& address) const;
    /// Before the next dial, in ms.
    [[nodiscard]] Tick longest_wait(const NodeAddress& address) const;
    void end_silence(Chain chain);

    // pools.cpp: when waiting transfers are compared
    void compare_pools(const TipChange& change, Chain chain, Now now, Actions& out);
    /// Blocks of an inventory tell how far a peer is.
    static void note_blocks(Peer& peer, const Inv& message, Chain chain);

    // gossip.cpp: addresses
    void greet(PeerId id, Peer& peer, Actions& out);
    void on_get_addr(PeerId id, Peer& peer, Actions& out);
    void on_addr(Peer& peer, const Addr& message, Now now);
    void tell_others(PeerId about, Actions& out);
    static bool note_known(Peer& peer, const NodeAddress& address);

    // registration.cpp, resolution.cpp: questions that wait
    void register_nodes(Ticket ticket, const std::vector<std::string>& texts, Tick deadline,
                        Chain chain, Now now, Actions& out);
    /// A registration that stored the address waits for the first answer there.
    [[nodiscard]] bool is_first_contact(const NodeAddress& address) const;
    void note_dial(const NodeAddress& address, const std::optional<std::string>& failed);
    void end_registrations(Now now, Actions& out);
    [[nodiscard]] RegisterOutcome outcome_of(const Registration& registration) const;
    void resolve(Ticket ticket, Tick deadline, Chain chain);
    void note_commit(const TipChange& change, const Pool::Settled& settled);
    void go_on(Chain chain, Now now, Actions& out);
    void ask(Resolution::Node& node, Chain chain, Now now, Actions& out);
    void let_go(const Resolution& resolution, Chain chain, Now now, Actions& out);
    [[nodiscard]] bool is_asked(const NodeAddress& address) const;
    void set_active(PeerId id, bool active, Chain chain, Now now, Actions& out);

    PeersOptions options;
    Random random;
    std::uint64_t secret = 0;  // of lots
    Book book;
    Dialler dialler;
    std::optional<Sync> sync;
    std::optional<Relay> relay;
    std::map<PeerId, Peer> peers;
    std::set<NodeAddress> heard;         // told of by others, not dialled yet
    std::map<NodeAddress, Tick> own;     // said to be this node, and since when
    std::map<NodeAddress, NodeKey> met;  // keys at addresses of `connect`
    std::vector<Registration> registrations;
    std::vector<Resolution> resolutions;
    Tick next_look = 0;        // at what is done every second
    bool catching_up = false;  // since the pools were last compared the chain was behind
};

}  // namespace cairn::net
