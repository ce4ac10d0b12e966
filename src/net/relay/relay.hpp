#pragma once

#include <memory>

#include "net/actions.hpp"
#include "net/chain.hpp"

namespace cairn::net {

/// Passes transfers on by inventory: announced once per peer that has not shown it knows them,
/// asked for from the first who announced, then from the next. What the check or the pool refused
/// is remembered (bounded) until the tip moves. Only `active` peers are asked anything. One owner,
/// no clock; time comes in.
class Relay {
public:
    Relay();
    ~Relay();

    /// `active` asks for the peer's whole pool at once (`mempool`).
    void on_open(PeerId peer, bool active, Now now, Actions& out);
    void on_close(PeerId peer, Chain chain, Now now, Actions& out);
    void set_active(PeerId peer, bool active, Now now, Actions& out);
    /// Transfers of an `inv`; blocks in it are not this room's.
    void on_inv(PeerId peer, const Inv& message, Chain chain, Now now, Actions& out);
    void on_transfer(PeerId peer, const TransferBody& body, Chain chain, Now now, Actions& out);
    void on_not_found(PeerId peer, const Txid& id, Chain chain, Now now, Actions& out);
    /// What check and pool said; none: it is in.
    void on_verdict(PeerId peer, const Txid& id, const std::optional<Rejection>& refused,
                    Chain chain, Now now, Actions& out);
    /// Durable since this commit: new ones and those that a reorganisation gave back. Goes to every
    /// peer: not to be called with gossip off. `again`: they came back out of blocks, and a peer that
    /// was told before may have asked for one while it was not here.
    void announce(const std::vector<Txid>& ids, Now now, Actions& out, bool again = false);
    void on_tip(Now now);
    void on_tick(Chain chain, Now now, Actions& out);
    /// The peer has told its pool (its last `inv` was not full) or did not in time, and everything
    /// that it announced is here or was refused.
    [[nodiscard]] bool idle(PeerId peer) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::net
