#pragma once

#include <map>
#include <mutex>

#include "core/consensus/checked.hpp"

namespace cairn {

/// Transfers whose signatures this node has verified, so that a block that holds them again need
/// not be asked for the same: from admissions and from checks. Bounded; the older half goes first.
/// Any thread.
class KnownIds {
public:
    static constexpr std::size_t kHalfBytes = 16 * 1024 * 1024;  // of memory

    explicit KnownIds(std::size_t half_bytes = kHalfBytes) : half_bytes_{half_bytes} {}

    /// What remembering it takes, in bytes of memory.
    [[nodiscard]] static std::size_t cost_of(const CheckedTransfer& transfer);

    void add(const TransferPtr& transfer);
    /// Null: not known.
    [[nodiscard]] TransferPtr find(const Txid& id) const;

private:
    // Not hashed: who sends transfers chooses their ids.
    using Half = std::map<Txid, TransferPtr>;

    const std::size_t half_bytes_;
    mutable std::mutex mutex_;  // guards what follows
    Half young_;
    Half old_;
    std::size_t young_bytes_ = 0;
};

}  // namespace cairn
