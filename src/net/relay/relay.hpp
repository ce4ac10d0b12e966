#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "net/actions.hpp"
#include "net/chain.hpp"

namespace cairn::net {

/// Passes transfers on by inventory: announced once per peer that has not shown it knows them,
/// asked for from the first who announced, then from the next. What the check or the pool refused
/// is remembered (bounded) until the tip moves. Only `active` peers are asked anything.
///
/// A peer's whole pool is compared with ours once our chain has all of its (before, much of it
/// would be refused), and again when the chain has caught up after that, or something was left out:
/// in pages by a cursor (protocol 2), or as a whole and again as long as that gets us anything (1).
/// So nothing that a block or another peer takes meanwhile ends a comparison, and no comparison
/// goes on for ever. One owner, no clock; time comes in.
class Relay {
public:
    /// `secret` keeps peers from choosing ids that cost time.
    explicit Relay(std::uint64_t secret = 0);
    ~Relay();

    /// The pool of an `active` peer is due to be compared. Those whom the operator named, or we
    /// dialled, do not wait for the others.
    void on_open(PeerId peer, std::uint32_t protocol, bool named, bool active, Now now);
    void on_close(PeerId peer, Chain chain, Now now, Actions& out);
    /// `active` begins to compare at once.
    void set_active(PeerId peer, bool active, Now now, Actions& out);
    /// Active peers whose pools are due to be compared; whoever knows how far our chain is says
    /// `compare` of those that it has all of. Bounded.
    [[nodiscard]] std::vector<PeerId> due(Now now) const;
    void compare(PeerId peer, Now now, Actions& out);
    /// The chain has caught up: all pools are due.
    void compare_all();
    /// Transfers of an `inv`; blocks in it are not this room's.
    void on_inv(PeerId peer, const Inv& message, Chain chain, Now now, Actions& out);
    void on_pool_inv(PeerId peer, const PoolInv& message, Chain chain, Now now, Actions& out);
    void on_transfer(PeerId peer, const TransferBody& body, Chain chain, Now now, Actions& out);
    void on_not_found(PeerId peer, const Txid& id, Chain chain, Now now, Actions& out);
    /// What check and pool said; none: it is in. `transfer` is null if it did not pass the check.
    void on_verdict(PeerId peer, const Txid& id, const TransferPtr& transfer,
                    const std::optional<Rejection>& refused, Chain chain, Now now, Actions& out);
    /// Durable since this commit. Goes to every peer that has not shown it: not to be called with
    /// gossip off.
    void announce(const std::vector<Txid>& ids, Now now, Actions& out);
    /// The same of those that came back out of blocks: goes to all, for a peer that was told before
    /// may have asked for one while it was not here; a part at once, the rest by and by.
    void announce_again(const std::vector<Txid>& ids, Chain chain, Actions& out);
    void on_tip();
    void on_tick(Chain chain, Now now, Actions& out);
    /// Questions without an answer are taken back in slices.
    [[nodiscard]] bool has_more() const;
    void go_on(Now now, Actions& out);
    /// The peer has told its pool or did not in time, and everything that it announced is here or
    /// was refused.
    [[nodiscard]] bool idle(PeerId peer) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::net
