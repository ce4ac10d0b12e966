#include "api/piece_stream.hpp"

#include <algorithm>

#include "api/http/cpu_time.hpp"

namespace cairn {

Result<bool, StoreError> PieceStream::next(std::string& out) {
    const std::uint64_t until = http::thread_cpu_ns() + kCallNs;
    do {
        if (ended_ || made_.size() >= kChunk) break;
        ended_ = !piece(made_);
        if (rows_.fault()) return fail(*rows_.fault());
    } while (http::thread_cpu_ns() < until);
    rest();
    const std::size_t size = std::min(kChunk, made_.size());
    out.append(made_, 0, size);
    made_.erase(0, size);
    // Less than a piece is left; a long one's memory is not kept for it.
    if (made_.capacity() > kChunk) made_.shrink_to_fit();
    // With nothing to send, nothing would bring the next call.
    if (size == 0 && !ended_ && wake_) wake_();
    return !ended_ || !made_.empty();
}

}  // namespace cairn
