#pragma once

#include <array>

#include "core/consensus/header_rules.hpp"
#include "net/chain.hpp"

namespace cairn::net {

/// Where a branch of headers stands that is not stored: all that rules 2 to 4 ask of its next
/// header, in a few hundred bytes whatever its length.
class BranchEnd {
public:
    /// Begins at a header that our ledger knows.
    BranchEnd(const BlockHash& hash, const HeaderRecord& record, Chain chain);

    /// Rules 1 to 4 for the next header; on success the branch ends in it.
    [[nodiscard]] Result<void, Rejection> step(const HashedHeader& next, const ChainParams& params);

    [[nodiscard]] const BlockHash& hash() const { return hash_; }
    [[nodiscard]] Height height() const { return height_; }
    [[nodiscard]] const ChainWork& work() const { return work_; }  // cumulative

private:
    BlockHash hash_;
    Height height_ = 0;
    ChainWork work_;
    UnixSeconds time_ = 0;
    UnixSeconds anchor_time_ = 0;                   // of block 2 (ASERT)
    std::array<UnixSeconds, kMedianSpan> times_{};  // a ring; the median does not ask for order
    std::size_t known_times_ = 0;
    std::size_t oldest_ = 0;
    // Most headers have the bits of the one before: their work is divided out once.
    CompactBits bits_;
    ChainWork work_of_bits_;
};

}  // namespace cairn::net
