#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/base/result.hpp"
#include "ledger/fee_rate.hpp"
#include "ledger/ledger.hpp"
#include "ledger/pool_tables.hpp"

namespace cairn {

struct PoolLimits {
    std::size_t bytes = 32 * 1024 * 1024;   // of transfers
    std::uint64_t min_fee_rate = 0;         // base units per 1,000 bytes
    std::size_t future_per_sender = 64;     // transfers whose turn cannot come yet
    UnixSeconds future_seconds = 3 * 3600;  // how long such wait
};

struct PoolSize {
    std::size_t transfers = 0;
    std::size_t bytes = 0;
    std::uint64_t fee_floor = 0;  // base units per 1,000 bytes
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

/// Transfers that wait for a block, bounded in bytes.
///
/// Per sender a run of nonces from the account's next on is executable; what lies beyond a gap is
/// future. Rules (docs/architecture.md, The pool): fee rate within nonce order; the sum of a sender's pending costs
/// never exceeds its balance; a replacement pays 10 % and a unit more at no lower rate; when full,
/// the end of the chain of nonces with the lowest rate goes first and the floor rises (halving
/// every hour, gone after twelve); a future transfer never evicts an executable one, and such are
/// bounded to 64 a sender and a tenth of the pool. What a reorganisation or an eviction throws out
/// is remembered with the reason. It is told accounts, it does not ask. Stages rows, never writes.
/// One owner; no lock.
class Pool {
public:
    explicit Pool(PoolLimits limits) : limits_{limits} {}

    /// Takes up what the store holds; rows that do not decode are staged to go and counted.
    [[nodiscard]] std::size_t load(const AccountReader& accounts, UnixSeconds now, Staged& rows);

    /// Errors: already_known, nonce_used, nonce_distant, overdraft, pool_balance, replacement_fee,
    /// fee_floor, pool_full. On error nothing has changed.
    [[nodiscard]] Result<Admitted, Rejection> add(TransferPtr transfer, const Account& sender,
                                                  UnixSeconds now, Staged& rows);

    struct Settled {
        std::vector<Txid> confirmed, returned;
        std::vector<Dropped> dropped;
    };
    /// Follows a change of the tip: confirmed transfers leave, those of abandoned blocks return
    /// when still valid, what became impossible is dropped with the reason.
    Settled settle(const TipChange& change, const BlockReader& blocks,
                   const AccountReader& accounts, UnixSeconds now, Staged& rows);
    /// Drops future transfers that waited too long.
    void expire(UnixSeconds now, Staged& rows);

    /// Executable transfers by fee rate within nonce order, at most `max_bytes` of them together.
    [[nodiscard]] std::vector<TransferPtr> best(std::size_t max_bytes) const;
    [[nodiscard]] TransferPtr find(const Txid& id) const;
    /// The nonce a sender's next transfer should take; `account` is its nonce at the tip.
    [[nodiscard]] std::uint64_t next_nonce(const Address& sender, std::uint64_t account) const;
    [[nodiscard]] PoolSize size(UnixSeconds now) const;
    [[nodiscard]] const PoolLimits& limits() const { return limits_; }

private:
    /// `worth` is the lowest rate from the sender's first entry up to this one: nobody can mine it
    /// for more, so a rich transfer behind a poor one keeps no room from others.
    struct Entry : Pending {
        FeeRate worth;
    };
    struct Queue {
        std::map<std::uint64_t, Entry> entries;  // by nonce
        std::uint64_t first = 0;                 // the account's nonce
        std::uint64_t end = 0;                   // one past the executable run
        std::uint64_t cost = 0;                  // base units, of all entries
        std::uint64_t balance = 0;
    };
    using Queues = std::map<Address, Queue>;
    /// A sender's place among heads (best first) or tails (worst first).
    struct Rank {
        bool executable = false;
        FeeRate rate;
        std::uint64_t order = 0;
        Address sender;
    };
    struct BestFirst {
        bool operator()(const Rank& a, const Rank& b) const;
    };
    struct WorstFirst {
        bool operator()(const Rank& a, const Rank& b) const;
    };

    [[nodiscard]] static Rank head_rank(const Queue& queue, const Entry& entry);
    [[nodiscard]] static Rank tail_rank(const Queue& queue, const Entry& entry);
    /// Works `worth` out anew from `at` on.
    static void revalue(Queue& queue, std::map<std::uint64_t, Entry>::iterator at);
    /// Takes a queue out of the two rankings while it is changed, and puts it back.
    void unrank(const Queue& queue);
    void rerank(const Address& sender);
    void insert(Pending entry, Queue& queue, Staged& rows, bool store);
    void remove(Queue& queue, std::uint64_t nonce, Staged& rows);
    void drop(Pending entry, std::string reason, Staged& rows, std::vector<Dropped>* log);
    void forget_dropped(const Txid& id, Staged& rows);
    void drop_last(Address sender, std::string reason, Staged& rows, Settled& result);
    void trim_future(const std::set<Address>& senders, Staged& rows, Settled& result);
    /// `returning`: from a block that was abandoned; the floor is not asked again.
    [[nodiscard]] Result<Admitted, Rejection> admit(TransferPtr transfer, const Account& sender,
                                                    UnixSeconds now, bool returning, Staged& rows);
    void refresh(const Address& sender, const Account& account,
                 const std::unordered_map<Txid, BlockHash>& confirmed, Staged& rows,
                 Settled& result);
    [[nodiscard]] bool drop_behind(const CheckedTransfer& transfer, Staged& rows, Settled& result);
    [[nodiscard]] std::optional<Rejection> refuse(const CheckedTransfer& transfer,
                                                  const Account& sender, const Queue* queue,
                                                  UnixSeconds now, bool returning) const;
    [[nodiscard]] Result<std::vector<Txid>, Rejection> room_for(const CheckedTransfer& transfer,
                                                                bool executable,
                                                                std::size_t freed) const;
    [[nodiscard]] std::uint64_t floor(UnixSeconds now) const;

    PoolLimits limits_;
    Queues queues_;
    std::unordered_map<Txid, std::pair<Address, std::uint64_t>> by_id_;
    std::set<Rank, BestFirst> heads_;
    std::set<Rank, WorstFirst> tails_;
    std::size_t bytes_ = 0;
    std::size_t future_bytes_ = 0;
    std::uint64_t next_order_ = 1;
    std::uint64_t next_dropped_ = 1;
    std::uint64_t oldest_dropped_ = 0;  // no row stands below it
    std::size_t dropped_count_ = 0;
    std::uint64_t raised_floor_ = 0;  // base units per 1,000 bytes
    UnixSeconds raised_at_ = 0;
};

}  // namespace cairn
