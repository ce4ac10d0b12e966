#include "net/sync/branch_end.hpp"

#include <algorithm>

namespace cairn::net {

BranchEnd::BranchEnd(const BlockHash& hash, const HeaderRecord& record, Chain chain)
    : hash_{hash},
      height_{record.height},
      work_{record.work},
      time_{record.header.time},
      anchor_time_{record.anchor_time} {
    std::optional<HeaderRecord> at = record;
    while (at) {
        times_[known_times_++] = at->header.time;
        if (known_times_ == kMedianSpan || at->height == 1) break;
        at = chain.ledger.header(chain.rows, at->header.previous_hash);
    }
    // Newest first so far; the ring overwrites the oldest.
    std::reverse(times_.begin(), times_.begin() + static_cast<std::ptrdiff_t>(known_times_));
}

Result<void, Rejection> BranchEnd::step(const HashedHeader& next, const ChainParams& params) {
    const BlockHeader& header = next.header;
    if (header.previous_hash != hash_)
        return fail(
            Rejection{Rule::parent_known, hash_.to_string(), header.previous_hash.to_string()});
    const HeaderContext context{height_ + 1, required_bits(params, height_, time_, anchor_time_),
                                median_time(std::span{times_}.first(known_times_))};
    if (auto accepted = accept_header(next, context); !accepted) return accepted;

    if (header.bits != bits_) {
        bits_ = header.bits;
        work_of_bits_ = work_of(*expand(bits_));
    }
    hash_ = next.hash;
    ++height_;
    work_ = work_ + work_of_bits_;
    time_ = header.time;
    if (height_ == 2) anchor_time_ = header.time;
    if (known_times_ < kMedianSpan) {
        times_[known_times_++] = header.time;
    } else {
        times_[oldest_] = header.time;
        oldest_ = (oldest_ + 1) % kMedianSpan;
    }
    return {};
}

}  // namespace cairn::net
