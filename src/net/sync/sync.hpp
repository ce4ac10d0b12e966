#pragma once

#include <map>
#include <memory>

#include "net/actions.hpp"
#include "net/chain.hpp"

namespace cairn::net {

/// Gets the branch of most work here: headers first, then the bodies that are missing.
///
/// Per peer: `getheaders` with a locator; what comes must connect, and is offered to our ledger
/// only once the branch has shown more work than our tip's (a low-work branch leaves one hash per
/// full message, and is fetched again when it has shown enough). Of the best branch shown, bodies
/// are asked for in chain order from several peers through a moving window; who holds up the front
/// is replaced and dropped; nothing that is stored is asked for again.
///
/// Order of calls: an `Offer` is answered by `on_offered` once it is carried out (headers that the
/// peer tells before that are asked for again); a verdict comes after the ledger took the body or
/// condemned its header; `on_tip` comes after the commit. A peer that a `Close` was emitted for
/// counts no more; `on_close` still follows. Only `active` peers are asked anything: with gossip
/// off, those a resolve speaks to. One owner, no clock; time comes in, and of it only that in which
/// peers were heard is charged to them. Source: docs/peers.md.
class Sync {
public:
    Sync();
    ~Sync();

    void on_open(PeerId peer, const Hello& hello, bool active, Chain chain, Now now, Actions& out);
    void on_close(PeerId peer, Chain chain, Now now, Actions& out);
    /// Begins (or ends) asking a peer; beginning asks for headers at once.
    void set_active(PeerId peer, bool active, Chain chain, Now now, Actions& out);
    void on_headers(PeerId peer, const Headers& message, Chain chain, Now now, Actions& out);
    /// What our ledger said of an `Offer`; the headers before the refused one were taken.
    void on_offered(PeerId peer, const Result<void, Rejection>& verdict, Chain chain, Now now,
                    Actions& out);
    /// A body; asked for: to be checked; not asked for: dropped.
    void on_block(PeerId peer, const BlockBody& body, Chain chain, Now now, Actions& out);
    void on_not_found(PeerId peer, const BlockHash& block, Chain chain, Now now, Actions& out);
    /// What the check and the ledger said of a body: none, or the rule it broke.
    void on_verdict(PeerId peer, const BlockHash& block, const std::optional<Rejection>& refused,
                    Chain chain, Now now, Actions& out);
    /// The tip moved: peers that may not have the new blocks are told by `headers` at once
    /// (`announce`).
    void on_tip(const TipChange& change, bool announce, Chain chain, Now now, Actions& out);
    void on_tick(Chain chain, Now now, Actions& out);
    /// Work that ended for the sake of others, and may go on at once.
    [[nodiscard]] bool has_more() const;
    void go_on(Chain chain, Now now, Actions& out);

    /// How far a peer has been asked: its headers are all here, and the bodies of its best branch
    /// too unless that has no more work than our tip.
    enum class Progress : std::uint8_t { headers, blocks, done };
    [[nodiscard]] Progress progress(PeerId peer, Chain chain) const;
    /// The end of the last branch a peer has told, also of one with too little work to be kept.
    /// Nothing of a peer that has no header beyond what is here.
    [[nodiscard]] std::optional<std::pair<BlockHash, Height>> best_of(PeerId peer) const;
    /// Why a peer's better branch is refused for now: it is ahead of our clock.
    [[nodiscard]] std::optional<std::string> ahead_of(PeerId peer) const;
    /// Whether bodies of a better branch are on their way.
    [[nodiscard]] bool syncing() const;
    /// Blocks of that branch from the first that is not here.
    [[nodiscard]] std::size_t missing() const;
    /// Headers that were looked at in walks along branches, in all.
    [[nodiscard]] std::uint64_t walked() const;
    /// Memory that a peer's branches take here, roughly, in bytes.
    [[nodiscard]] std::size_t bytes_of(PeerId peer) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::net
