#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/consensus/connect.hpp"
#include "core/primitives/time.hpp"
#include "ledger/fee_rate.hpp"
#include "ledger/pool_memory.hpp"
#include "ledger/pool_tables.hpp"

namespace cairn {

/// The fee rate of one transfer.
[[nodiscard]] FeeRate rate_of(const CheckedTransfer& transfer);

/// Milliseconds of the steady clock; may lie before its start.
using SteadyMs = std::int64_t;

/// One sender's transfers in the pool, by nonce: a run from the account's next nonce on, which is
/// executable, and others beyond a gap.
///
/// No call walks the transfers behind the one it is about. What stands before a nonce is told from
/// sums over parts of 64 nonces.
class PoolQueue {
public:
    using Entries = std::map<std::uint64_t, Pending>;

    PoolQueue(const Address& sender, const Account& account)
        : sender_{sender}, nonce_{account.nonce}, balance_{account.balance} {}

    [[nodiscard]] const Address& sender() const { return sender_; }
    [[nodiscard]] std::uint64_t nonce() const { return nonce_; }      // the account's
    [[nodiscard]] std::uint64_t balance() const { return balance_; }  // base units, the account's
    [[nodiscard]] std::uint64_t cost() const { return cost_; }        // base units, of all entries
    [[nodiscard]] bool is_covered() const { return cost_ <= balance_; }
    [[nodiscard]] const Entries& entries() const { return entries_; }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] const Pending* find(std::uint64_t nonce) const;
    /// One past the executable run.
    [[nodiscard]] std::uint64_t end() const;
    [[nodiscard]] std::size_t executable() const { return end() - nonce_; }
    [[nodiscard]] std::size_t future() const { return entries_.size() - executable(); }
    /// Bytes of memory of the transfers beyond a gap.
    [[nodiscard]] std::size_t future_memory() const;
    /// The lowest rate of all entries: nobody can mine the last one for more.
    [[nodiscard]] FeeRate worth() const { return worth_; }
    /// The lowest rate of the entries below a nonce and of `own`.
    [[nodiscard]] FeeRate worth_behind(std::uint64_t nonce, FeeRate own) const;
    /// What the entries below a nonce cost together, base units.
    [[nodiscard]] std::uint64_t cost_below(std::uint64_t nonce) const;
    /// Since when the run that waits longest stands beyond a gap.
    [[nodiscard]] std::optional<SteadyMs> waiting_since() const;
    /// A nonce of a run that stands beyond a gap since `since` or earlier: its last.
    [[nodiscard]] std::optional<std::uint64_t> stale(SteadyMs since) const;
    /// Bytes of memory beside the transfers and this object.
    [[nodiscard]] std::size_t memory() const {
        return runs_.size() * kRunMemory + parts_.size() * kPartMemory;
    }

    /// Bytes by which that grows with an entry of `nonce`.
    [[nodiscard]] std::size_t growth(std::uint64_t nonce) const;

    /// The nonce must be free.
    const Pending& insert(Pending entry, SteadyMs since);
    /// The nonce must be taken; what stood there.
    Pending replace(Pending entry);
    Pending take(std::uint64_t nonce);
    void set_balance(std::uint64_t balance) { balance_ = balance; }
    /// The account as it is now; no entry is below its nonce.
    void follow(const Account& account, SteadyMs now);
    /// The same when the queue was filled before its account was known.
    void adopt(const Account& account) {
        nonce_ = account.nonce;
        balance_ = account.balance;
    }

private:
    /// Nonces that follow one another without a gap, by the first.
    struct Run {
        std::uint64_t end = 0;   // one past the last
        std::size_t memory = 0;  // of its transfers
        SteadyMs since = 0;      // its first came, or it lost what stood before it
    };
    using Runs = std::map<std::uint64_t, Run>;
    struct Part {
        FeeRate low;
        std::uint64_t cost = 0;
        std::uint64_t count = 0;
    };
    static constexpr std::uint64_t kPart = 64;  // nonces

public:
    static constexpr std::size_t kRunMemory = tree_node_size<Runs::value_type>();
    static constexpr std::size_t kPartMemory =
        tree_node_size<std::pair<const std::uint64_t, Part>>();

private:
    [[nodiscard]] Runs::iterator run_of(std::uint64_t nonce);
    void join_run(std::uint64_t nonce, std::size_t memory, SteadyMs since);
    void leave_run(std::uint64_t nonce, std::size_t memory);
    void join_part(const CheckedTransfer& transfer);
    void leave_part(const CheckedTransfer& gone);
    void find_worth();

    Address sender_;
    std::uint64_t nonce_;
    std::uint64_t balance_;
    std::uint64_t cost_ = 0;
    FeeRate worth_;
    std::size_t memory_ = 0;  // of all transfers
    Entries entries_;
    Runs runs_;
    std::map<std::uint64_t, Part> parts_;  // by nonce / kPart
};

}  // namespace cairn
