#pragma once

#include <deque>
#include <map>

#include "net/sync/header_fetch.hpp"

namespace cairn::net {

/// What Sync keeps of a connection.
struct SyncPeer {
    explicit SyncPeer(PeerId peer) : headers{peer} {}

    bool active = false;   // it may be asked
    bool closing = false;  // nothing of it counts any more
    HeaderFetch headers;
    /// The end of the best branch it has shown, in our ledger. Taken back when it turns out not to
    /// have the bodies, until it shows it again.
    std::optional<BranchTip> best;
    std::optional<BlockHash> told;  // the tip it was told of last, or claimed at the handshake

    /// Up to this height its branch is the one being fetched; 0: nowhere in what is missing, or not
    /// known yet. Known once `measured`; `measuring` is how far down its branch was followed so
    /// far.
    Height reach = 0;
    bool measured = false;
    std::optional<std::pair<BlockHash, Height>> measuring;
    std::deque<BlockHash> asked;  // bodies, in order; answers come in the same
    std::size_t checking = 0;     // its bodies that wait for a verdict
    /// It owes the front of a branch that only it has, and another is fetched meanwhile. Never
    /// without something asked: who owes nothing may be asked again.
    bool aside = false;
    Tick progress = 0;          // since when the first of `asked` is due
    std::size_t unasked = 0;    // bodies nobody had asked it for
    std::size_t not_found = 0;  // bodies of its own branch that it did not have
    std::size_t forgiven = 0;   // of those, asked for once and given up
};
using SyncPeers = std::map<PeerId, SyncPeer>;

}  // namespace cairn::net
