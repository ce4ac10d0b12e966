#pragma once

#include <string>

#include "net/actions.hpp"
#include "net/sync/low_work.hpp"

namespace cairn::net {

class HeaderRoom;

/// A header of our ledger, as the end of a branch.
struct BranchTip {
    BlockHash hash;
    Height height = 0;
    ChainWork work;
};

/// Gets the headers of one peer: one `getheaders` at a time, each answer checked to follow from
/// what is known, and offered to our ledger if the branch has more work than our tip. See Sync.
class HeaderFetch {
public:
    struct Env {
        Chain chain;
        Now now;
        /// The best branch known of any peer, whose headers need not be told again; null: our
        /// tip's.
        const BranchTip* best;
        std::size_t missing;  // blocks of that branch which are not here
        HeaderRoom& room;
        Actions& out;
    };
    /// The header of our ledger that the peer has shown just now, if any; or why it is to be
    /// closed.
    using Learnt = Result<std::optional<BranchTip>, std::string>;

    explicit HeaderFetch(PeerId peer) : peer_{peer} {}

    /// Asks for what follows the best branch known.
    void begin(const Env& env);
    /// Whatever is under way is forgotten.
    void stop();
    [[nodiscard]] Learnt on_headers(const Headers& message, const Env& env);
    /// Where a branch that is not followed ends, if it begins at a header of ours.
    void note(const Headers& message, Chain chain);
    [[nodiscard]] Learnt on_offered(const Result<void, Rejection>& verdict, const Env& env);
    [[nodiscard]] Learnt on_tick(const Env& env);

    /// Nothing is asked or about to be.
    [[nodiscard]] bool idle() const { return !asked_ && !offered_ && !waiting_; }
    /// The end of the last branch told, also of one with too little work to be kept.
    [[nodiscard]] const std::optional<std::pair<BlockHash, Height>>& last_seen() const {
        return last_seen_;
    }
    /// Why its better branch is refused for now, if its last headers were ahead of our clock.
    [[nodiscard]] const std::optional<std::string>& ahead() const { return ahead_; }
    /// Of what is kept, roughly.
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Asked {
        std::vector<BlockHash> locator;
        Tick since = 0;
    };
    struct Offered {
        std::vector<BlockHash> hashes;
        bool more = false;  // the message was full
    };

    [[nodiscard]] bool answers(const BlockHash& parent) const;
    void ask(std::vector<BlockHash> locator, const Env& env);
    void ask_after(const BranchTip& last, const Env& env);
    void ask_low_work(const Env& env);
    [[nodiscard]] Learnt on_early(bool answer);
    [[nodiscard]] Learnt on_unconnecting(const Headers& message, const Env& env);
    [[nodiscard]] Learnt on_low_work(const Headers& message, const Env& env);
    [[nodiscard]] Learnt offer(std::vector<HashedHeader> headers, bool more, const Env& env);
    void see(const BlockHash& hash, Height height) { last_seen_.emplace(hash, height); }

    PeerId peer_;
    std::optional<Asked> asked_;
    std::optional<Offered> offered_;
    std::optional<LowWork> low_;
    bool missed_ = false;           // it told more while an offer was under way
    std::optional<Tick> again_at_;  // a header was of the future, or there was no room
    std::optional<std::string> ahead_;
    bool waiting_ = false;  // for the blocks of what was told, before more is asked for
    std::size_t run_ = 0;   // headers of its branch whose blocks are not here, about
    std::size_t unconnecting_ = 0;
    BlockHash last_unconnected_;   // the end of the last message that did not connect
    std::size_t low_headers_ = 0;  // told in vain since the last that were offered
    std::optional<std::pair<BlockHash, Height>> last_seen_;
};

}  // namespace cairn::net
