#include "api/piece_stream.hpp"

#include <algorithm>

namespace cairn {

Result<bool, StoreError> PieceStream::next(std::string& out) {
    // What was sent goes, or a whole answer would gather here; less than a piece is left to move.
    made_.erase(0, sent_);
    sent_ = 0;
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
