#pragma once

#include <memory>
#include <string>
#include <vector>

#include "net/actions.hpp"
#include "net/chain.hpp"

namespace cairn::net {

struct PeersOptions {
    bool gossip = true;
    NodeKey key;                       // our own
    std::uint16_t listens_on = 0;      // our port; 0: nobody can dial us
    std::vector<NodeAddress> connect;  // dialled from the start, not stored
    std::vector<NodeKey> allowed;      // empty: everybody
    std::uint64_t seed = 0;            // of what is chosen at random; from the outside
};

/// What other nodes are to this one: who is dialled, let in, asked, told, closed, banned.
///
/// Events in, actions out; whoever drives it carries them out once what was staged is durable. Sync
/// and relay are rooms of their own below it; the book of registered and learnt nodes and of bans
/// stands in `Table::peers`. One owner: lives inside `Node`. Source:
/// docs/architecture.md, Peers; docs/peers.md.
class Peers {
public:
    explicit Peers(PeersOptions options);
    ~Peers();
    Peers(Peers&&) noexcept;

    /// Takes up what the store holds. Rows that do not decode are staged to go; how many.
    [[nodiscard]] std::size_t load(Chain chain, Now now);

    void on_open(PeerId peer, const Hello& hello, Chain chain, Now now, Actions& out);
    void on_close(PeerId peer, const std::string& why, bool ban, Chain chain, Now now,
                  Actions& out);
    void on_dial_failed(const NodeAddress& to, const std::string& why, DialFault fault, Chain chain,
                        Now now, Actions& out);
    void on_message(PeerId peer, const Message& message, Chain chain, Now now, Actions& out);
    void on_offered(PeerId peer, const Result<void, Rejection>& verdict, Chain chain, Now now,
                    Actions& out);
    /// `transfer`: what was checked, if it was a transfer that passed its check.
    void on_verdict(PeerId peer, const Item& what, const TransferPtr& transfer,
                    const std::optional<Rejection>& refused, Chain chain, Now now, Actions& out);
    /// What a commit made public, once it is durable; after every commit, also of nothing:
    /// questions that wait (`register_nodes`, `resolve`) end here.
    void on_commit(const TipChange& change, const std::vector<Txid>& admitted,
                   const Pool::Settled& settled, Chain chain, Now now, Actions& out);
    void on_tick(Chain chain, Now now, Actions& out);
    /// Work that ended for the sake of others, and may go on at once.
    [[nodiscard]] bool has_more() const;
    void go_on(Chain chain, Now now, Actions& out);

    /// Stores every entry whose syntax and address class pass, dials it, and ends in one
    /// `Registered` when all have answered or the deadline has passed.
    void register_nodes(Ticket ticket, const std::vector<std::string>& texts, Tick deadline,
                        Chain chain, Now now, Actions& out);
    /// False: no such node is registered.
    [[nodiscard]] bool remove(const NodeAddress& address, Chain chain, Now now, Actions& out);
    /// Asks every registered node for headers, bodies and pool; ends in one `Resolved`.
    void resolve(Ticket ticket, Tick deadline, Chain chain, Now now, Actions& out);
    /// After /restart: closes everybody, and neither dials nor admits until asked to (stored).
    void fall_silent(Chain chain, Now now, Actions& out);

    [[nodiscard]] std::vector<NodeState> nodes(Now now) const;
    [[nodiscard]] std::vector<NodeAddress> registered() const;
    [[nodiscard]] std::size_t connected() const;
    [[nodiscard]] bool syncing() const;
    [[nodiscard]] bool silent() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::net
