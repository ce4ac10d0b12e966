#pragma once

#include "net/limits.hpp"
#include "net/message.hpp"
#include "net/sync/branch_end.hpp"

namespace cairn::net {

/// A branch of headers that has not yet shown more work than our tip, as one peer tells it.
///
/// Storing it would let anybody fill the disk with headers of the least work the rules allow, and
/// keeping it in memory until it has shown enough would fill the memory. So it is told twice. The
/// first time every header is checked against rules 1 to 4 and forgotten; what stays is where the
/// branch began, where it stands, and of each full message the hash of its last header: 32 bytes
/// for 2,000 headers. Once its work has passed our tip's it is asked for again from where it began,
/// in the same messages, and each of them that ends in the hash remembered goes to the ledger.
///
/// Bitcoin Core (headerssync.h) keeps a salted bit of every few hundred headers instead, lets the
/// peer guess a share of them, and holds the second telling back in a buffer until enough bits have
/// agreed. That saves it memory with headers by the million from each peer. A hash is 256 times as
/// large and leaves nothing to guess: a header commits to all before it, so two messages that begin
/// after the same header and end in the same one are the same, and no salt, buffer or chance is
/// involved. The whole of `limits::kLowWorkHeaders` costs 160 kB.
class LowWork {
public:
    /// `start` is the known header after which the peer's first message begins.
    explicit LowWork(BranchEnd start, std::size_t cap = limits::kLowWorkHeaders)
        : start_{start.hash()}, end_{std::move(start)}, cap_{cap} {}

    enum class Next : std::uint8_t {
        ask,      // for the message after `position()`
        offer,    // this message; then ask on from `position()`, unless `finished()`
        forget,   // it ends here and has not enough work: the peer is behind, or on a lesser branch
        changed,  // the second telling is not the first: the peer has another branch by now
        too_long  // more than `cap` headers
    };
    /// The message that follows `position()`. Errors: rules 1 to 4.
    [[nodiscard]] Result<Next, Rejection> take(const Headers& message, const ChainWork& tip_work,
                                               const ChainParams& params);

    /// The header after which the next message has to begin.
    [[nodiscard]] const BlockHash& position() const;
    [[nodiscard]] bool finished() const { return again_ && told_ > ends_.size(); }
    /// How far the branch was told.
    [[nodiscard]] const BranchEnd& end() const { return end_; }
    /// For a locator: the position, ends of messages before it in steps that double, the start.
    [[nodiscard]] std::vector<BlockHash> way_back() const;
    /// Told so far.
    [[nodiscard]] std::size_t headers() const { return headers_; }
    /// Of what is kept, roughly.
    [[nodiscard]] std::size_t bytes() const;

private:
    [[nodiscard]] Next take_again(const Headers& message);

    BlockHash start_;
    BranchEnd end_;
    std::size_t cap_;
    std::size_t headers_ = 0;
    std::vector<BlockHash> ends_;  // of full messages
    bool again_ = false;           // being told the second time
    std::size_t told_ = 0;         // messages of the second time
    // The message that passed our tip's work; the peer may have added to it since.
    std::size_t last_size_ = 0;
    BlockHash last_end_;
};

}  // namespace cairn::net
