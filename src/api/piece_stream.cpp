#include "api/piece_stream.hpp"

#include <algorithm>

#include "os/cpu_time.hpp"

namespace cairn {

Result<bool, StoreError> PieceStream::next(std::string& out) {
    const std::uint64_t until = thread_cpu_ns() + kCallNs;
    waiting_ = false;
    do {
        if (ended_ || made_.size() >= kChunk) break;
        ended_ = !piece(made_);
        if (rows_.fault()) return fail(*rows_.fault());
    } while (!waiting_ && thread_cpu_ns() < until);
    rest();
    const std::size_t size = std::min(kChunk, made_.size());
    out.append(made_, 0, size);
    made_.erase(0, size);
    // Less than a piece is left; a long one's memory is not kept for it.
    if (made_.capacity() > kChunk) made_.shrink_to_fit();
    // With nothing to send, nothing would bring the next call.
    if (size == 0 && !ended_ && !waiting_ && wake_) wake_();
    return !ended_ || !made_.empty();
}

SharedBytes PieceStream::block(BlockCache& blocks, Height height, const BlockHash& hash,
                               std::size_t size) {
    std::optional<BlockCache::Read> read;
    bool asked = false;
    {
        const std::lock_guard lock{landed_->mutex};
        asked = landed_->asked == hash;
        landed_->asked = hash;
        read = std::exchange(landed_->read, std::nullopt);
    }
    // Of another one that was given up meanwhile nobody hears.
    if (!asked)
        read = blocks.find(view_, height, hash, size,
                           [landed = landed_, wake = wake_, hash](BlockCache::Read done) {
                               {
                                   const std::lock_guard lock{landed->mutex};
                                   if (landed->asked != hash) return;
                                   landed->read = std::move(done);
                               }
                               if (wake) wake();
                           });
    waiting_ = !read;
    if (!read) return nullptr;
    {
        const std::lock_guard lock{landed_->mutex};
        landed_->asked.reset();
    }
    if (!*read) {
        rows_.report(read->error());
        return nullptr;
    }
    if (!**read)
        rows_.report({StoreFault::corrupt, "the block " + hash.to_string() + " is not there"});
    return **read;
}

}  // namespace cairn
