#include "api/routes/pool.hpp"

#include <algorithm>

#include "api/parse.hpp"
#include "api/piece_stream.hpp"

namespace cairn::routes {
namespace {

/// Walks the pool's rows in order of arrival, a page at a time.
class PendingRows {
public:
    /// The first `skipped` are left out; no more than `limit` are asked for.
    explicit PendingRows(const Staged& rows, std::uint64_t skipped = 0,
                         std::uint64_t limit = UINT64_MAX)
        : rows_{rows} {
        if (skipped > 0) from_ = tables::pending_at(rows, skipped);
        page_bounds_.rows = std::clamp<std::uint64_t>(limit, 1, page_bounds_.rows);
    }

    [[nodiscard]] TransferPtr next() {
        while (at_ == page_.entries.size()) {
            if (!from_) return nullptr;
            page_ = tables::pending_page(rows_, *from_, page_bounds_);
            from_ = page_.next;
            at_ = 0;
        }
        return page_.entries[at_++].transfer;
    }

private:
    // Kept while the answer waits for its reader.
    static constexpr Bounds kPage{.rows = 32, .bytes = 16 * 1024};

    const Staged& rows_;
    Bounds page_bounds_ = kPage;
    std::optional<std::uint64_t> from_ = 0;
    tables::PendingPage page_;
    std::size_t at_ = 0;
};

class PoolStream final : public PieceStream {
public:
    PoolStream(ViewPtr view, const Objects& objects)
        : PieceStream{std::move(view)}, objects_{objects}, pending_{rows()} {}

private:
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"pool\":[";
        if (const auto transfer = pending_.next()) {
            if (length_++ > 0) out += ',';
            json::Writer writer{out};
            objects_.transfer(writer, transfer->id(), transfer->value());
            return true;
        }
        out += "],\"pool_length\":" + std::to_string(length_) + "}";
        return false;
    }

    const Objects& objects_;
    PendingRows pending_;
    bool begun_ = false;
    std::uint64_t length_ = 0;
};

/// Blocks by hash, genesis first, then the pool; value number 1 is genesis.
class InvStream final : public PieceStream {
public:
    InvStream(ViewPtr view, const Objects& objects, std::uint64_t from, std::uint64_t limit)
        : PieceStream{std::move(view)},
          objects_{objects},
          pending_{rows(), before(PieceStream::view(), from), limit},
          number_{from},
          left_{is_beyond(PieceStream::view(), from) ? 0 : limit} {}

private:
    /// How many of the pool's values stand before number `from`.
    static std::uint64_t before(const View& view, std::uint64_t from) {
        return from > view.tip.height && !is_beyond(view, from) ? from - view.tip.height - 1 : 0;
    }
    static bool is_beyond(const View& view, std::uint64_t from) {
        return from > view.tip.height + view.pool.transfers;
    }
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"values\":[";
        if (left_ > 0 && value(out)) {
            --left_;
            ++number_;
            return true;
        }
        out += "]}";
        return false;
    }
    bool value(std::string& out) {
        const auto open = [&](std::string_view type) {
            if (!std::exchange(first_, false)) out += ',';
            out += "{\"type\":\"";
            out += type;
            out += "\",\"value\":";
        };
        if (number_ <= view().tip.height) {
            const auto hash = tables::best(rows(), number_);
            if (!hash) return false;
            open("block");
            json::append_string(out, hash->to_string());
        } else {
            const auto transfer = pending_.next();
            if (!transfer) return false;
            open("transaction");
            json::Writer writer{out};
            objects_.transfer(writer, transfer->id(), transfer->value());
        }
        out += '}';
        return true;
    }

    const Objects& objects_;
    PendingRows pending_;
    std::uint64_t number_;
    std::uint64_t left_;
    bool begun_ = false;
    bool first_ = true;
};

}  // namespace

http::Answer pool(const Reading& reading) {
    return std::make_unique<PoolStream>(reading.view_ptr, reading.services.objects);
}

http::Answer inv(const Reading& reading) {
    const auto from = query_uint(reading.request, "from", 1, UINT64_MAX / 2);
    if (!from) return from.error();
    const auto limit = query_uint(reading.request, "limit", 0, UINT64_MAX);
    if (!limit) return limit.error();
    return std::make_unique<InvStream>(reading.view_ptr, reading.services.objects,
                                       from->value_or(1), limit->value_or(UINT64_MAX));
}

}  // namespace cairn::routes
