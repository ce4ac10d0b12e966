#include "net/sync/low_work.hpp"

#include <algorithm>

namespace cairn::net {

Result<LowWork::Next, Rejection> LowWork::take(const Headers& message, const ChainWork& tip_work,
                                               const ChainParams& params) {
    if (again_) return take_again(message);
    const std::size_t size = message.headers.size();
    headers_ += size;
    if (headers_ > cap_) return Next::too_long;
    for (const auto& header : message.headers)
        if (auto stepped = end_.step(header, params); !stepped) return fail(stepped.error());
    if (end_.work() > tip_work) {
        again_ = true;
        last_size_ = size;
        last_end_ = end_.hash();
        return Next::ask;
    }
    if (size < limits::kHeaders) return Next::forget;
    ends_.push_back(end_.hash());
    return Next::ask;
}

LowWork::Next LowWork::take_again(const Headers& message) {
    const auto& headers = message.headers;
    const bool last = told_ == ends_.size();
    const bool same =
        last ? headers.size() >= last_size_ && headers[last_size_ - 1].hash == last_end_
             : headers.size() == limits::kHeaders && headers.back().hash == ends_[told_];
    if (!same) return Next::changed;
    ++told_;
    return Next::offer;
}

const BlockHash& LowWork::position() const {
    if (!again_) return ends_.empty() ? start_ : ends_.back();
    return told_ == 0 ? start_ : told_ > ends_.size() ? last_end_ : ends_[told_ - 1];
}

std::vector<BlockHash> LowWork::way_back() const {
    std::vector<BlockHash> hashes;
    const std::size_t told = again_ ? std::min(told_, ends_.size()) : ends_.size();
    for (std::size_t back = 1; back <= told; back *= 2) hashes.push_back(ends_[told - back]);
    hashes.push_back(start_);
    return hashes;
}

std::size_t LowWork::bytes() const { return sizeof *this + ends_.capacity() * sizeof(BlockHash); }

}  // namespace cairn::net
