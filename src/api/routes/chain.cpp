#include "api/routes/chain.hpp"

#include <algorithm>

#include "api/block_pieces.hpp"
#include "api/parse.hpp"
#include "api/piece_stream.hpp"
#include "api/routes/paging.hpp"
#include "core/base/hex.hpp"

namespace cairn::routes {
namespace {

constexpr std::uint64_t kMaxHeight = UINT64_MAX / 2;

class ChainStream final : public PieceStream {
public:
    ChainStream(ViewPtr view, const Services& services, Height first, Height last)
        : PieceStream{std::move(view)},
          blocks_{rows(), services.objects, finder(*services.blocks), first, last} {}

private:
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"chain\":[";
        if (blocks_.next(out)) return true;
        out += "],\"length\":" + std::to_string(view().tip.height) + "}";
        return false;
    }
    void rest() override { blocks_.rest(); }

    BlockPieces blocks_;
    bool begun_ = false;
};

/// A page of headers, newest first.
class HeadersStream final : public PieceStream {
public:
    HeadersStream(ViewPtr view, const Objects& objects, Height from, std::uint64_t limit)
        : PieceStream{std::move(view)},
          objects_{objects},
          height_{from},
          end_{from - std::min<std::uint64_t>(from, limit)} {}

private:
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"blocks\":[";
        if (height_ > end_) {
            const auto hash = tables::best(rows(), height_);
            const auto record = hash ? tables::header(rows(), *hash) : std::nullopt;
            if (!record) {
                if (!rows().fault())
                    rows().report({StoreFault::corrupt, "a header of the best chain is missing"});
                return false;
            }
            if (!std::exchange(first_, false)) out += ',';
            json::Writer writer{out};
            objects_.header(writer, *record, *hash);
            --height_;
            return true;
        }
        out += "],\"length\":" + std::to_string(view().tip.height) + ",\"next\":";
        out += end_ >= 1 ? "\"" + make_cursor({end_}) + "\"}" : "null}";
        return false;
    }

    const Objects& objects_;
    Height height_;
    const Height end_;  // below the last of the page
    bool begun_ = false;
    bool first_ = true;
};

/// One block.
class BlockStream final : public PieceStream {
public:
    BlockStream(ViewPtr view, const Services& services, const BlockHash& hash,
                const HeaderRecord& record, std::string after)
        : PieceStream{std::move(view)},
          block_{rows(), services.objects, finder(*services.blocks), hash, record,
                 {},     std::move(after)} {}

private:
    bool piece(std::string& out) override { return block_.next(out); }
    void rest() override { block_.rest(); }

    BlockWriter block_;
};

/// One block's bytes as hex digits.
class HexStream final : public PieceStream {
public:
    HexStream(ViewPtr view, BlockCache& blocks, const BlockHash& hash, const HeaderRecord& record)
        : PieceStream{std::move(view)},
          blocks_{blocks},
          hash_{hash},
          height_{record.height},
          size_{record.size} {}

    [[nodiscard]] std::string_view content_type() const override {
        return "text/plain; charset=utf-8";
    }

private:
    bool piece(std::string& out) override {
        const SharedBytes bytes = block(blocks_, height_, hash_, size_);
        if (!bytes) return !rows().fault();
        const std::size_t part = std::min(kChunk / 2, bytes->size() - at_);
        json::append_hex(out, ByteView{*bytes}.subspan(at_, part));
        at_ += part;
        return at_ < bytes->size();
    }

    BlockCache& blocks_;
    const BlockHash hash_;
    const Height height_;
    const std::size_t size_;
    std::size_t at_ = 0;
};

http::Problem no_block(std::string_view what) {
    return {.status = 404, .detail = "There is no block " + std::string{what} + " here."};
}

/// The block a path segment names: an index of the best chain or the hash of any block with a body.
Result<std::pair<BlockHash, HeaderRecord>, http::Problem> find_block(const Staged& rows,
                                                                     const std::string& id) {
    std::optional<BlockHash> hash;
    if (!id.empty() && id.size() < 20 &&
        std::all_of(id.begin(), id.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        hash = tables::best(rows, std::stoull(id));
    } else {
        auto parsed = parse_digest<BlockHash>("block", id);
        if (!parsed) {
            parsed.error().expected = "an index or 64 hex digits";
            parsed.error().detail =
                "block: expected an index or a hash of 64 hex digits, found \"" + id.substr(0, 80) +
                "\"";
            return fail(std::move(parsed.error()));
        }
        hash = *parsed;
    }
    const auto record = hash ? tables::header(rows, *hash) : std::nullopt;
    if (!record || !record->has_body) return fail(no_block(id));
    return std::pair{*hash, *record};
}

}  // namespace

http::Answer chain(const Reading& reading) {
    const auto from = query_uint(reading.request, "from", 1, kMaxHeight);
    if (!from) return from.error();
    const auto limit = query_uint(reading.request, "limit", 0, kMaxHeight);
    if (!limit) return limit.error();
    const Height first = from->value_or(1);
    Height last = reading.view.tip.height;
    if (*limit) last = std::min(last, **limit == 0 ? 0 : first + (**limit - 1));
    return std::make_unique<ChainStream>(reading.view_ptr, reading.services, first, last);
}

http::Answer blocks(const Reading& reading) {
    const auto page = read_page(reading.request);
    if (!page) return page.error();
    Height height = reading.view.tip.height;
    if (page->cursor) {
        const auto at = parse_cursor(*page->cursor, 1);
        if (!at) return cursor_problem(*page->cursor);
        height = std::min(height, (*at)[0]);
    }
    auto stream = std::make_unique<HeadersStream>(reading.view_ptr, reading.services.objects,
                                                  height, page->limit);
    if (height > page->limit)
        stream->set_headers(page_link("/blocks", *page, make_cursor({height - page->limit})));
    return stream;
}

http::Answer block(const Reading& reading) {
    const Staged rows{reading.view.store};
    const auto found = find_block(rows, reading.parameter(0));
    if (rows.fault()) return store_problem(*rows.fault());
    if (!found) return found.error();
    const auto& [hash, record] = *found;
    const bool stale = tables::best(rows, record.height) != hash;
    const std::string format = query_text(reading.request, "format").value_or("json");
    if (format != "json" && format != "hex")
        return field_problem("format", "json or hex", "\"" + format.substr(0, 40) + "\"");

    const std::string tag = "\"" + hash.to_string() + (stale ? "-stale" : "") + "-" + format + "\"";
    if (is_unchanged(reading.request, tag)) return not_modified(tag);
    std::unique_ptr<PieceStream> stream;
    if (format == "hex") {
        stream =
            std::make_unique<HexStream>(reading.view_ptr, *reading.services.blocks, hash, record);
    } else {
        std::string after = stale ? ",\"stale\":true" : "";
        if (record.invalid)
            after += ",\"invalid\":\"" + std::string{rule_name(record.reason)} + "\"";
        stream = std::make_unique<BlockStream>(reading.view_ptr, reading.services, hash, record,
                                               std::move(after));
    }
    stream->set_headers({{"ETag", tag}, {"Cache-Control", "no-cache"}});
    return stream;
}

}  // namespace cairn::routes
