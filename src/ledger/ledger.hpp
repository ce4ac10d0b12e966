#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ledger/header_tree.hpp"

namespace cairn {

/// The way from one tip to another: blocks that left the best chain, from the old tip downward,
/// then blocks that joined it, upward. No block is in both.
struct TipChange {
    std::vector<BlockHash> disconnected;
    std::vector<BlockHash> connected;
    [[nodiscard]] bool empty() const { return disconnected.empty() && connected.empty(); }
    /// The block at the end leaves, or one joins on top: a step back takes back the step it undoes.
    void step_down(const BlockHash& leaving);
    void step_up(const BlockHash& joining);
    /// Goes on with `next`, which begins where this ends.
    void append(const TipChange& next);
};

/// Why a store cannot be opened as a ledger of this chain: a sentence.
struct OpenError {
    std::string detail;
};

/// The block tree, the accounts of the best chain, and the choice between branches.
///
/// Stages rows, never writes: what a call changed is durable once the caller has written it, and
/// after a failed write (or a fault of `Staged`) the object is thrown away and opened anew.
///
/// A switch to another branch is worked out over a branch of the staged rows: the tip moves only
/// once every block of it that is needed to have more work than the tip has proved valid. The valid
/// part of a branch that failed, or of one that is not finished, is kept, so that a bad end found
/// late costs its author a block and us one block. Bounds slice the work: `kSliceRows` a call; and
/// beyond `kAtomicBlocks` undone and connected with `kBatchBytes` of rows, or `kOverlayMax` bytes
/// at all, what is done so far is written with a valid tip of its own, which may have less work for
/// that while. One owner; no lock. Source: docs/architecture.md, The ledger.
class Ledger {
public:
    static constexpr std::size_t kOverlayMax = 64 * 1024 * 1024;  // bytes
    static constexpr std::size_t kBatchBytes = 512 * 1024;        // of many blocks
    static constexpr std::size_t kAtomicBlocks = 128;
    static constexpr std::size_t kSliceRows = 2'000;  // accounts, index rows, headers
    static constexpr std::size_t kBlockRows = 8;      // as many cost as much as a block without any
    static constexpr std::size_t kRecentBlocks = 8;
    static constexpr std::size_t kChildrenAtOnce = 1'000;  // headers looked at

    struct Limits {
        std::size_t overlay_bytes = kOverlayMax;
        std::size_t slice_rows = kSliceRows;
        std::size_t batch_bytes = kBatchBytes;
        std::size_t atomic_blocks = kAtomicBlocks;
    };

    /// `rows` must see a store that holds this chain: see `stage_genesis`.
    static Result<Ledger, OpenError> open(std::shared_ptr<const ChainParams> params,
                                          const Staged& rows, Limits limits);
    static Result<Ledger, OpenError> open(std::shared_ptr<const ChainParams> params,
                                          const Staged& rows);

    [[nodiscard]] const Tip& tip() const { return tip_; }
    [[nodiscard]] const ChainParams& params() const { return *params_; }

    /// Rules 1 to 5. Staged at once; a header known already is no error.
    [[nodiscard]] Result<void, Rejection> add_header(const HashedHeader& header, UnixSeconds now,
                                                     Staged& rows);
    /// Keeps a block (and its header, if new); does not connect it. True if it was new.
    [[nodiscard]] Result<bool, Rejection> add_block(const BlockPtr& block, UnixSeconds now,
                                                    Staged& rows);
    /// Marks a known header and all its descendants invalid, for good: some at once, the rest by
    /// `advance`, which moves nowhere before that is done.
    void condemn(const BlockHash& hash, Rule reason, Staged& rows);
    /// How many headers there are whose block was never here: what peers can make us store without
    /// a block.
    [[nodiscard]] std::uint64_t bare() const { return bare_; }
    /// Takes such a header out of the store. False, and nothing is changed: its block is or was
    /// here, it is unknown, or another header stands on it.
    [[nodiscard]] bool forget(const BlockHash& hash, Staged& rows);
    /// Moves towards the branch of most work, a slice at a time; appends what it did to `change`.
    /// True: there is more to do; write what is staged, then call again. A row that must be there
    /// and is not is a fault of `rows`, as is a read that failed.
    [[nodiscard]] bool advance(Staged& rows, TipChange& change);
    /// The tip is one on the way of a switch that is written in several batches, and has less work
    /// than the one before it.
    [[nodiscard]] bool is_half_way() const {
        return !candidates_.empty() && half_way_from_ && *half_way_from_ > tip_.work;
    }
    /// Blocks that `advance` has undone or connected so far.
    [[nodiscard]] std::uint64_t moved() const { return moved_; }
    /// Transactions of the largest of those since this was last asked.
    [[nodiscard]] std::uint32_t take_largest_moved() { return std::exchange(largest_moved_, 0); }
    /// Stages which tips are still to be tried and what else is to be gone on with, so that a crash
    /// between slices loses nothing.
    void stage_marks(Staged& rows);

    [[nodiscard]] std::optional<HeaderRecord> header(const Staged& rows, const BlockHash& hash) {
        return tree_.find(rows, hash);
    }
    /// What the next block on the best chain must look like.
    [[nodiscard]] HeaderContext next_context(const Staged& rows);
    /// A block whose body is kept; null if there is none, or (a fault of `rows`) if it was lost.
    /// The newest are at hand without a read.
    [[nodiscard]] BlockPtr block(const Staged& rows, const BlockHash& hash);
    /// The verdict that ended the last branch found invalid in connecting; for the log and the
    /// sender.
    [[nodiscard]] const std::optional<std::pair<BlockHash, Rejection>>& last_invalid() const {
        return last_invalid_;
    }

private:
    struct Candidate {
        ChainWork work;
        std::uint64_t sequence = 0;
        BlockHash hash;
        // Most work first, then the one that was whole first.
        friend bool operator<(const Candidate& a, const Candidate& b) {
            if (a.work != b.work) return a.work > b.work;
            return std::tie(a.sequence, a.hash) < std::tie(b.sequence, b.hash);
        }
    };
    /// A header whose children are to be visited, so many at a time.
    struct Parent {
        BlockHash hash;
        std::optional<BlockHash> looked_at;  // the last child that was
    };
    /// The way down from a candidate to what is known of it, found a step at a time.
    struct Way {
        Candidate target;
        std::deque<BlockHash> blocks;  // those above `at`, upward
        BlockHash at;
    };
    /// A switch under way: rows on top of the tip's, and how far it has come. Its target stays the
    /// same until it is reached or proves invalid, whatever appears meanwhile: else who shows one
    /// better branch after the other would keep all of them from being reached.
    struct Switch {
        BlockHash base;  // the tip it began at
        Candidate target;
        BlockHash fork;  // down to here, then up
        Height fork_height = 0;
        std::deque<BlockHash> to_connect;  // upward from the fork
        std::vector<BlockHash> undone;     // from the base downward
        std::size_t connected = 0;         // of `to_connect`
        Tip at;                            // where the overlay stands
        Overlay overlay;
    };

    Ledger(std::shared_ptr<const ChainParams> params, Tip tip, Limits limits)
        : params_{std::move(params)}, limits_{limits}, tip_{tip} {}

    void link(const BlockHash& hash, bool may_have_children, Staged& rows);
    void count_bare(std::uint64_t count, Staged& rows);
    void mark_invalid(const BlockHash& hash, Rule reason, Staged& rows);
    template <class Visit>
    static std::size_t visit_children(std::vector<Parent>& parents, bool newest_first,
                                      const Staged& rows, Visit visit);
    std::size_t link_some(Staged& rows);
    std::size_t condemn_some(Staged& rows);
    [[nodiscard]] bool has_unvisited() const { return !to_link_.empty() || !to_condemn_.empty(); }
    void stage_mark(tables::Mark mark, std::set<BlockHash> now, Staged& rows);
    [[nodiscard]] bool is_switching() const;
    void look_down(Staged& rows);
    [[nodiscard]] bool joins_switch(Height height);
    void begin_switch(Height fork_height);
    [[nodiscard]] std::size_t move_one(Staged& rows, TipChange& change);
    [[nodiscard]] std::size_t undo_one(Staged& branch);
    [[nodiscard]] Result<std::size_t, Rejection> connect_one(Staged& branch);
    [[nodiscard]] bool is_tied() const;
    [[nodiscard]] bool is_too_long() const;
    void note_moved(const HeaderRecord& record);
    void adopt(Staged& rows, TipChange& change);
    void drop_lesser_candidates();
    void remember(BlockPtr block);

    std::shared_ptr<const ChainParams> params_;
    Limits limits_;
    Tip tip_;
    HeaderTree tree_;
    std::uint64_t next_sequence_ = 1;
    std::uint64_t bare_ = 0;
    std::vector<Parent> to_link_;     // linked; their children may have waited for it
    std::vector<Parent> to_condemn_;  // invalid, and so are their children
    std::set<Candidate> candidates_;  // linked, not invalid, more work than the tip
    std::map<tables::Mark, std::set<BlockHash>> stored_;  // what the table says
    std::optional<Way> way_;
    std::optional<Switch> switch_;
    std::deque<BlockPtr> recent_;
    std::optional<ChainWork> half_way_from_;  // the most work of a tip that was left for now
    std::uint64_t moved_ = 0;
    std::uint32_t largest_moved_ = 0;
    std::optional<std::pair<BlockHash, Rejection>> last_invalid_;
};

/// Stages the rows of an empty chain: genesis, its accounts, the tip.
void stage_genesis(const ChainParams& params, Staged& rows);

/// The tables that belong to the chain and the pool: what a restart clears.
inline constexpr std::array kChainTables = {Table::headers, Table::blocks,   Table::undo,
                                            Table::best,    Table::accounts, Table::transactions,
                                            Table::history, Table::pool};

/// The way from one block to another of the same store: down to the common ancestor, up again.
/// Nothing if either is unknown or has no body on the way.
[[nodiscard]] std::optional<TipChange> path(const Staged& rows, const BlockHash& from,
                                            const BlockHash& to);

}  // namespace cairn
