#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/block_cache.hpp"
#include "api/block_finder.hpp"
#include "api/http/answer.hpp"
#include "ledger/staged.hpp"
#include "node/view.hpp"

namespace cairn {

/// A long answer made piece by piece from one view: a transaction, a row at a time, so that memory
/// grows neither with the chain nor with a block. A call ends with a chunk, or when it has used its
/// time: others on the thread have their turn. What a piece has too much waits for the next call.
class PieceStream : public http::Stream {
public:
    static constexpr std::size_t kChunk = 32 * 1024;
    /// Thread CPU of a call; one piece is begun below it, and takes some milliseconds at most.
    static constexpr std::uint64_t kCallNs = 1'000'000;

    explicit PieceStream(ViewPtr view) : view_{std::move(view)}, rows_{view_->store} {}
    [[nodiscard]] Result<bool, StoreError> next(std::string& out) final;
    void attach(std::function<void()> wake) final { wake_ = std::move(wake); }
    [[nodiscard]] std::vector<http::Header> headers() const final { return headers_; }
    /// The rest of a piece, which on some chains is long (a transfer's data as hex and as text),
    /// and what else it keeps.
    [[nodiscard]] std::size_t held() const final {
        return 4 * std::size_t{view_->chain->spec().max_data} + kept();
    }

    void set_headers(std::vector<http::Header> headers) { headers_ = std::move(headers); }

protected:
    /// Appends the next piece, or nothing; false after the last.
    [[nodiscard]] virtual bool piece(std::string& out) = 0;
    /// A block's encoding. Null: it is being read, and the call ends; it is had by asking again in
    /// the next. Or the store failed, or has no such block: `rows().fault()`.
    [[nodiscard]] SharedBytes block(BlockCache& blocks, Height height, const BlockHash& hash,
                                    std::size_t size);
    /// The same for those who write parts of this stream.
    [[nodiscard]] BlockFinder finder(BlockCache& blocks) {
        return [this, &blocks](Height height, const BlockHash& hash, std::size_t size) {
            return block(blocks, height, hash, size);
        };
    }
    /// Bytes of memory that last as long as the stream does.
    [[nodiscard]] virtual std::size_t kept() const { return 0; }
    /// The call ends: what can be had again is let go.
    virtual void rest() {}
    [[nodiscard]] const View& view() const { return *view_; }
    [[nodiscard]] const Staged& rows() const { return rows_; }

private:
    ViewPtr view_;
    Staged rows_;
    std::function<void()> wake_;
    std::vector<http::Header> headers_;
    std::string made_;
    bool ended_ = false;
    /// A block that was read elsewhere, until it is asked for again.
    struct Landed {
        std::mutex mutex;  // guards what follows
        std::optional<BlockHash> asked;
        std::optional<BlockCache::Read> read;
    };
    std::shared_ptr<Landed> landed_ = std::make_shared<Landed>();
    bool waiting_ = false;
};

}  // namespace cairn
