#pragma once

#include "ledger/pool_tables.hpp"

namespace cairn {

/// The Idempotency-Keys that are remembered: each for a day, and a number of them at most; beyond
/// it the oldest are forgotten first. Stages rows, never writes. One owner; no lock.
class IdempotencyKeys {
public:
    static constexpr std::size_t kMost = 1'000'000;  // about 100 bytes each, on disk
    /// Rows that one call looks at.
    static constexpr std::size_t kSlice = 500;

    explicit IdempotencyKeys(std::size_t most = kMost) : most_{most} {}

    /// Counts what the store holds.
    void load(const Staged& rows);
    void put(const Hash256& key, const Txid& id, UnixSeconds now, Staged& rows);
    /// Forgets what is older than a day. What is dated in the future, since the clock was set back,
    /// counts from now on. True: there is more than one call does.
    [[nodiscard]] bool expire(UnixSeconds now, Staged& rows);
    [[nodiscard]] std::size_t size() const { return count_; }

private:
    void forget(const tables::UsedKey& used, Staged& rows);

    std::size_t most_;
    std::size_t count_ = 0;
    UnixSeconds oldest_ = 0;  // none is older: a search from here does not walk what was erased
};

}  // namespace cairn
