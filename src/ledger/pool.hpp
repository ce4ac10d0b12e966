#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/result.hpp"
#include "ledger/ledger.hpp"
#include "ledger/pool_index.hpp"
#include "ledger/pool_queue.hpp"
#include "ledger/pool_tables.hpp"

namespace cairn {

struct PoolLimits {
    std::size_t bytes = 128 * 1024 * 1024;      // of memory, not of encodings
    std::uint64_t min_fee_rate = 0;             // base units per 1,000 bytes
    std::size_t executable_per_sender = 5'000;  // transfers
    std::size_t future_per_sender = 64;         // transfers whose turn cannot come yet
    UnixSeconds future_seconds = 3 * 3600;      // how long such wait
};

struct PoolSize {
    std::size_t transfers = 0;
    std::size_t bytes = 0;        // of their encodings
    std::uint64_t fee_floor = 0;  // base units per 1,000 bytes
    std::size_t memory = 0;       // bytes, counted against the limit
    friend bool operator==(const PoolSize&, const PoolSize&) = default;
};

/// What became of a transfer that was let in.
struct Admitted {
    TransferPtr transfer;
    bool executable = false;      // false: its nonce's turn has not come
    bool known = false;           // it was in the pool or the chain already
    std::vector<Txid> displaced;  // replaced or evicted for it
};

/// The account as a transfer would find it at the tip: opened if it never was.
using AccountReader = std::function<Account(const Address&)>;
/// A block of either branch by its hash; null if the store failed.
using BlockReader = std::function<BlockPtr(const BlockHash&)>;

/// Transfers that wait for a block, bounded in memory.
///
/// Per sender a run of nonces from the account's next on is executable; what lies beyond a gap is
/// future. Rules (docs/architecture.md, The pool): fee rate within nonce order; the sum of a
/// sender's pending costs never exceeds its balance; a replacement pays 10 % and a unit more at no
/// lower rate; a sender has 5,000 executable transfers and 64 future ones at most; when full, the
/// end of the chain of nonces with the lowest rate goes first and the floor rises; the floor falls
/// with the pool's fill and with time. A future transfer never evicts an executable one; all future
/// ones together take a tenth of the memory, and when that is full the one that pays least goes.
/// What a reorganisation or an eviction throws out is remembered with the reason.
///
/// Time: a call costs what its own transfers cost, whatever waits beside them. What a change of the
/// tip makes of the pool is worked out in slices: `settle` does the first, `go_on` the others.
/// Until it has followed the tip it offers nothing to a block. It is told accounts, it does not
/// ask. Stages rows, never writes. One owner; no lock.
class Pool {
public:
    /// What one call does of work that can wait, in steps of about a microsecond.
    static constexpr std::size_t kSlice = 8'000;

    explicit Pool(PoolLimits limits) : limits_{limits} {}
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;
    Pool(Pool&&) = default;
    Pool& operator=(Pool&&) = default;
    ~Pool() = default;

    /// Takes up what the store holds; rows that do not decode are staged to go and counted.
    [[nodiscard]] std::size_t load(const AccountReader& accounts, Now now, Staged& rows);

    /// Errors: already_known, nonce_used, nonce_distant, sender_full, overdraft, pool_balance,
    /// replacement_fee, fee_floor, pool_full. On error nothing has changed.
    [[nodiscard]] Result<Admitted, Rejection> add(TransferPtr transfer, const Account& sender,
                                                  Now now, Staged& rows);

    struct Settled {
        std::vector<Txid> confirmed, returned;
        std::vector<Dropped> dropped;
    };
    /// Follows a change of the tip: confirmed transfers leave, those of abandoned blocks return
    /// when still valid, what became impossible is dropped with the reason. Not while it still
    /// follows another.
    Settled settle(TipChange change, const BlockReader& blocks, const AccountReader& accounts,
                   Now now, Staged& rows);
    [[nodiscard]] bool is_following() const { return following_.has_value(); }
    /// A transfer that cannot be connected at the tip goes, with what follows it of its sender.
    void drop_from(const CheckedTransfer& transfer, std::string reason);
    /// Whether there is work that was too much for one call.
    [[nodiscard]] bool has_more() const { return is_following() || !overdue_.empty() || is_over(); }
    /// Goes on with it.
    Settled go_on(const BlockReader& blocks, const AccountReader& accounts, Now now, Staged& rows);
    /// Drops future transfers that waited too long. True: there are more than one call drops.
    [[nodiscard]] bool expire(Now now, Staged& rows);
    /// Stages what `tables::waiting`, `pending_at` and `followed` read. Before each write.
    void stage_sums(Staged& rows);

    /// Executable transfers by fee rate within nonce order, at most `max_bytes` of them together.
    [[nodiscard]] std::vector<TransferPtr> best(std::size_t max_bytes) const;
    [[nodiscard]] TransferPtr find(const Txid& id) const;
    /// The nonce a sender's next transfer should take; `account` is its nonce at the tip.
    [[nodiscard]] std::uint64_t next_nonce(const Address& sender, std::uint64_t account) const;
    [[nodiscard]] PoolSize size(Now now) const;
    [[nodiscard]] const PoolLimits& limits() const { return limits_; }
    /// The most memory that `transfer` takes: as the first one of its sender.
    [[nodiscard]] static std::size_t memory_for(const CheckedTransfer& transfer);

private:
    struct Sender;
    /// A sender's place among heads (best first) or tails (worst first).
    struct Rank {
        bool executable = false;
        FeeRate rate;
        std::uint64_t order = 0;  // no two have the same
        Sender* sender = nullptr;
    };
    struct BestFirst {
        bool operator()(const Rank& a, const Rank& b) const;
    };
    struct WorstFirst {
        bool operator()(const Rank& a, const Rank& b) const;
    };
    struct OldestFirst {
        using Element = std::pair<SteadyMs, Sender*>;
        bool operator()(const Element& a, const Element& b) const;
    };
    using Heads = std::set<Rank, BestFirst>;
    using Tails = std::set<Rank, WorstFirst>;
    using Waits = std::set<OldestFirst::Element, OldestFirst>;
    struct Sender {
        Sender(const Address& address, const Account& account) : queue{address, account} {}
        PoolQueue queue;
        // Where it stands in the rankings.
        std::optional<Heads::iterator> head;
        std::optional<Tails::iterator> tail;
        std::optional<Waits::iterator> wait;
    };
    using Senders = std::map<Address, Sender>;
    struct Victim {
        Sender* sender = nullptr;
        std::uint64_t nonce = 0;
        FeeRate worth;
        bool executable = false;
    };

    /// A change of the tip that is being followed: how far each of the passes has come.
    struct Following {
        TipChange change;
        std::size_t connected = 0;           // blocks looked at: what they confirm
        std::size_t left = 0;                // abandoned blocks looked at: whom they touched
        std::vector<Address> affected = {};  // whose account may have less, or another nonce
        bool sorted = false;
        std::size_t refreshed = 0;  // of them
        std::size_t returned = 0;   // abandoned blocks whose transfers returned
        std::size_t position = 0;   // in the next of them
        BlockPtr block = nullptr;   // which is this, once it was begun
        std::unordered_set<Txid> confirmed = {};
    };
    /// What is left of a call's slice.
    struct Budget {
        std::size_t left = kSlice;
        /// False: nothing is left.
        [[nodiscard]] bool take(std::size_t steps) {
            if (left == 0) return false;
            left -= std::min(left, steps);
            return true;
        }
    };
    static constexpr std::size_t kBlockSteps = 40;
    static constexpr std::size_t kRefreshSteps = 5;
    static constexpr std::size_t kReturnSteps = 15;
    static constexpr std::size_t kDropSteps = 15;

    /// A sender of whom more is to go than one call drops, from the end. Its transfers are offered
    /// to no block meanwhile.
    struct Overdue {
        std::optional<std::uint64_t> from;  // all from this nonce on
        std::string reason = {};            // if they go for another one than balance or number
    };

    /// Future transfers take this part of the memory at most.
    static constexpr std::size_t kFutureShare = 10;
    static constexpr std::size_t kEntryMemory =
        tree_node_size<PoolQueue::Entries::value_type>() + PoolIndex::kMemory;
    static constexpr std::size_t kSenderMemory = tree_node_size<Senders::value_type>() +
                                                 2 * tree_node_size<Rank>() +
                                                 tree_node_size<OldestFirst::Element>();
    /// Of a queue with its first entry.
    static constexpr std::size_t kGrowth = PoolQueue::kRunMemory + PoolQueue::kPartMemory;
    [[nodiscard]] static std::size_t entry_memory(const CheckedTransfer& transfer) {
        return memory_of(transfer) + kEntryMemory;
    }

    [[nodiscard]] const PoolQueue* queue_of(const Address& address) const;
    /// The sender out of the rankings.
    [[nodiscard]] Sender& open(const Address& address, const Account& account);
    [[nodiscard]] static Rank head_rank(Sender& sender, const Pending& entry);
    [[nodiscard]] static Rank tail_rank(Sender& sender, const Pending& entry, FeeRate worth);
    /// Takes a sender out of the rankings while its queue is changed, and puts it back, or away if
    /// the queue is empty.
    void unrank(Sender& sender);
    void rerank(Sender& sender);
    /// The sender is out of the rankings in these three.
    void put(Sender& sender, Pending entry, SteadyMs since);
    void replace(Sender& sender, Pending entry, Staged& rows);
    Pending take(Sender& sender, std::uint64_t nonce, Staged& rows);
    void drop(Pending entry, std::string reason, Staged& rows, Settled* log);
    void drop_one(Sender& sender, std::uint64_t nonce, std::string reason, Staged& rows,
                  Settled* log);
    void drop_last(Sender& sender, std::string reason, Staged& rows, Settled* log);
    /// Why the last of an overdue sender's transfers must go; nothing once enough have gone.
    [[nodiscard]] std::optional<std::string> fault_of(const PoolQueue& queue,
                                                      const Overdue& overdue) const;
    void note(const Pending& entry, std::int32_t change);
    void forget_dropped(const Txid& id, Staged& rows);
    /// `returning`: from a block that was abandoned; bounds that keep strangers out are not asked.
    [[nodiscard]] Result<Admitted, Rejection> admit(TransferPtr transfer, const Account& account,
                                                    Now now, bool returning, Staged& rows);
    [[nodiscard]] std::optional<Rejection> refuse(const CheckedTransfer& transfer,
                                                  const Account& account, const PoolQueue* queue,
                                                  Now now, bool returning) const;
    [[nodiscard]] Result<std::vector<Victim>, Rejection> room_for(const CheckedTransfer& transfer,
                                                                  bool executable,
                                                                  const PoolQueue* own) const;
    void evict(const Victim& victim, Now now, Staged& rows, Admitted& admitted);
    /// False: the slice was used up before all that the account has behind it had left.
    [[nodiscard]] bool refresh(Sender& sender, const Account& account, Now now, Staged& rows,
                               Budget& budget, Settled& result);
    // The passes over a change of the tip; true once done.
    [[nodiscard]] bool follow(const BlockReader& blocks, const AccountReader& accounts, Now now,
                              Staged& rows, Budget& budget, Settled& result);
    [[nodiscard]] bool look_at_connected(const BlockReader& blocks, Staged& rows, Budget& budget);
    [[nodiscard]] bool look_at_abandoned(const BlockReader& blocks, Budget& budget);
    [[nodiscard]] bool refresh_affected(const AccountReader& accounts, Now now, Staged& rows,
                                        Budget& budget, Settled& result);
    [[nodiscard]] bool return_abandoned(const BlockReader& blocks, const AccountReader& accounts,
                                        Now now, Staged& rows, Budget& budget, Settled& result);
    void return_one(const TransferPtr& transfer, const AccountReader& accounts, Now now,
                    Staged& rows, Settled& result);
    void drop_overdue(Staged& rows, Budget& budget, Settled& result);
    /// Whether all transfers together take more than they may.
    [[nodiscard]] bool is_over() const;
    /// What evictions raised the floor to, as time has left it, were the pool full.
    [[nodiscard]] std::uint64_t raised(Now now) const;
    [[nodiscard]] std::uint64_t floor(Now now) const;
    /// How many rows were bad.
    [[nodiscard]] std::size_t load_pending(Now now, Staged& rows);
    [[nodiscard]] std::size_t load_accounts(const AccountReader& accounts, Staged& rows);
    void load_sums(const Staged& rows);

    PoolLimits limits_;
    Senders senders_;
    PoolIndex index_;
    Heads heads_;
    Tails tails_;
    Waits waits_;
    std::size_t bytes_ = 0;
    std::size_t memory_ = 0;
    std::size_t future_memory_ = 0;
    std::uint64_t next_order_ = 1;
    std::optional<Following> following_;
    std::map<Address, Overdue> overdue_;
    std::optional<BlockHash> stored_followed_;         // what the rows say
    std::map<std::uint64_t, std::uint32_t> arrivals_;  // how many wait, by a part of the orders
    std::set<Address> changed_senders_;                // since `stage_sums`
    std::set<std::uint64_t> changed_arrivals_;
    std::unordered_map<Txid, std::uint64_t> dropped_;  // what is remembered, and its order
    std::map<std::uint64_t, Txid> dropped_orders_;     // the same, oldest first
    std::uint64_t next_dropped_ = 1;
    std::uint64_t raised_floor_ = 0;  // base units per 1,000 bytes
    Tick raised_at_ = 0;
};

}  // namespace cairn
