#pragma once

#include <deque>
#include <optional>
#include <set>

#include "net/chain.hpp"
#include "net/sync/sync_peer.hpp"

namespace cairn::net {

class Bodies;

/// Keeps the headers whose blocks were never here within bounds: on an easy chain they cost who
/// tells them next to nothing.
///
/// What is needed is the path to the best branch and the best branch of each peer that is
/// connected. A branch that its peer does not show any more, or whose peer has gone, is forgotten
/// from its end downward, and what a former process left is found by and by. When there are
/// `limits::kBareHeaders`, only the path is safe. Leaves go first, so that every header that stays
/// has its parent; a header whose block is or was here is never looked at. Stages rows.
class HeaderRoom {
public:
    HeaderRoom(const Bodies& bodies, const SyncPeers& peers,
               std::size_t most = limits::kBareHeaders)
        : bodies_{bodies}, peers_{peers}, most_{most} {}

    /// Makes room for so many headers after `parent`. False: there is none at the moment.
    [[nodiscard]] bool make(std::size_t count, const BlockHash& parent, Chain chain);
    /// Its peer does not show that end of a branch any more.
    void abandon(const BlockHash& end);
    void on_tick(Chain chain, Now now);

private:
    using Ends = std::set<BlockHash>;

    [[nodiscard]] Ends ends_shown() const;
    void forget_abandoned(std::size_t most, const Ends& shown, Chain chain);
    void sweep(std::size_t until, bool crowded, const Ends& kept, Chain chain);
    [[nodiscard]] std::size_t sweep_page(std::size_t most, std::size_t until, bool crowded,
                                         const Ends& kept, Chain chain);

    const Bodies& bodies_;
    const SyncPeers& peers_;
    const std::size_t most_;
    std::deque<BlockHash> abandoned_;
    std::optional<tables::BareHeader> swept_;  // where the sweep has come to
    std::optional<Tick> since_;
};

}  // namespace cairn::net
