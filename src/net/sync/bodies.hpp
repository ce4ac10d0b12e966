#pragma once

#include <set>

#include "net/budget.hpp"
#include "net/sync/sync_peer.hpp"

namespace cairn::net {

/// Fetches the bodies of the best branch shown: from several peers at once, each block once.
///
/// The target is the best header that an active peer has shown, if it has more work than our tip.
/// The path leads to it from the first block that is not here. Only the next `limits::kWindow`
/// blocks of it are asked for, each of one peer whose branch contains it, in chain order, several
/// to a message. Who holds up the front of the window is replaced and closed, so that one slow peer
/// costs the others no more than the stall time. Every step of the path is looked at a bounded
/// number of times, so the cost of a block does not depend on how many are missing.
///
/// How many bodies a peer is asked for at once depends on how large they are: of small ones so many
/// that a durable write, which they share, is not what sets the pace.
///
/// A walk along a branch (to lay a path, to find where a peer's branch leaves it) goes
/// `kWalkAtOnce` headers an event, and all walks together no faster than `kWalkRate`: branches
/// that overtake each other by a header cost a share of the time, however long they are. Until a
/// new path is laid the old one is followed.
class Bodies {
public:
    static constexpr std::size_t kWalkAtOnce = 400;     // headers; each may be a read
    static constexpr std::uint64_t kWalkRate = 40'000;  // headers a second
    static constexpr std::uint64_t kWalkBurst = 20'000;

    struct Env {
        Chain chain;
        Now now;
        Actions& out;
        mutable std::size_t walk = kWalkAtOnce;  // headers that may be looked at for this event
    };

    explicit Bodies(SyncPeers& peers) : peers_{peers} {}

    /// `peer.best` has changed.
    void on_shown(SyncPeer& peer, const Env& env);
    /// The peer is not asked any more, or gone: others are asked for what it was to send.
    void release(PeerId id, SyncPeer& peer, const Env& env);
    void on_block(PeerId id, SyncPeer& peer, const BlockBody& body, const Env& env);
    void on_not_found(PeerId id, SyncPeer& peer, const BlockHash& block, const Env& env);
    void on_verdict(PeerId id, const BlockHash& block, const std::optional<Rejection>& refused,
                    const Env& env);
    void on_tip(const TipChange& change, const Env& env);
    void on_tick(const Env& env);

    /// A walk ended for the sake of others, and may go on at once.
    [[nodiscard]] bool has_more() const { return more_; }
    void go_on(const Env& env);

    [[nodiscard]] const BranchTip* target() const { return target_ ? &*target_ : nullptr; }
    /// Something is to be fetched, or about to be.
    [[nodiscard]] bool busy() const { return target_ || laying_; }
    /// Whether a header is one of those that lead to the target, or to what becomes it.
    [[nodiscard]] bool is_on_path(Height height, const BlockHash& hash) const;
    /// Blocks from the first that is missing up to the target.
    [[nodiscard]] std::size_t missing() const { return path_.size(); }
    [[nodiscard]] std::uint64_t walked() const { return walked_; }  // headers
    /// Of what is kept, roughly.
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Step {
        BlockHash hash;
        bool here = false;
    };
    struct Request {
        PeerId from = 0;
        Height height = 0;
        std::size_t bytes = 0;  // of what came
        Tick since = 0;         // asked, or, once it came, given to the check
        bool checking = false;  // it came; not asked again before the verdict
    };
    using Requests = std::map<BlockHash, Request>;

    void retarget(const Env& env);
    void aim(const BranchTip& target, const Env& env);
    void note_size(std::size_t bytes);
    void forget(Requests::iterator request);
    void lay(const Env& env);
    void finish_laying(std::size_t kept, const Env& env);
    void give_up_laying(const Env& env);
    [[nodiscard]] bool may_serve(const SyncPeer& peer, Height height) const;
    void measure(SyncPeer& peer, const Env& env);
    void measure_all(const Env& env);
    void forget_reach(SyncPeer& peer);
    [[nodiscard]] bool may_walk(const Env& env);
    [[nodiscard]] bool is_shown(const BranchTip& tip) const;
    [[nodiscard]] Step* step_at(Height height, const BlockHash& hash);
    void give_back(const BlockHash& hash, Height height);
    void mark_here(const BlockHash& hash, const Env& env);
    void move_front();
    [[nodiscard]] std::optional<Height> take_next(const SyncPeer& peer, const Env& env);
    void fill(PeerId id, SyncPeer& peer, const Env& env);
    void fill_all(const Env& env);
    void close_peer(PeerId id, SyncPeer& peer, std::string why, const Env& env);
    void look_at_front(const Env& env);

    /// A path that is being laid: from the target downward, until it meets the old one or a block
    /// that is here.
    struct Laying {
        BranchTip target;
        std::vector<BlockHash> above;  // from the target downward
        BlockHash at;
        Height height = 0;
    };

    SyncPeers& peers_;
    std::optional<BranchTip> target_;
    std::optional<Laying> laying_;
    std::uint64_t walked_ = 0;
    bool more_ = false;
    TokenBucket walk_{kWalkRate * 1'000, kWalkBurst, 0};
    std::deque<Step> path_;
    Height base_ = 0;            // of the path's front
    std::size_t next_ = 0;       // what stands before it in the path was asked for or is here,
    std::set<Height> returned_;  // but for these, which have to be asked for again
    Requests requests_;
    std::size_t checking_bytes_ = 0;                  // of bodies that wait for their verdict
    std::size_t at_once_ = limits::kBlocksInFlight;   // bodies that a peer may be asked for
    std::size_t round_bodies_ = 0, round_bytes_ = 0;  // since `at_once_` was last looked at
    Tick stall_ = limits::kStallMin;
};

}  // namespace cairn::net
