#include "api/piece_stream.hpp"

#include <algorithm>

namespace cairn {

Result<bool, StoreError> PieceStream::next(std::string& out) {
    if (sent_ == made_.size()) {
        made_.clear();
        sent_ = 0;
    }
    while (!ended_ && made_.size() - sent_ < kChunk) {
        ended_ = !piece(made_);
        if (rows_.fault()) return fail(*rows_.fault());
    }
    const std::size_t size = std::min(kChunk, made_.size() - sent_);
    out.append(made_, sent_, size);
    sent_ += size;
    return !ended_ || sent_ < made_.size();
}

}  // namespace cairn
