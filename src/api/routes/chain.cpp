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
    ChainStream(ViewPtr view, const Objects& objects, Height first, Height last)
        : PieceStream{std::move(view)}, blocks_{rows(), objects, first, last} {}

private:
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"chain\":[";
        if (blocks_.next(out)) return true;
        out += "],\"length\":" + std::to_string(view().tip.height) + "}";
        return false;
    }

    BlockPieces blocks_;
    bool begun_ = false;
};

http::Problem no_block(std::string_view what) {
    return {.status = 404, .detail = "There is no block " + std::string{what} + " here."};
}

/// The block a path segment names: an index of the best chain or the hash of any block with a body.
Result<std::pair<BlockHash, HeaderRecord>, http::Problem> find_block(const Staged& rows,
                                                                     const std::string& id) {
    std::optional<BlockHash> hash;
    if (!id.empty() && id.size() < 20 && std::all_of(id.begin(), id.end(), [](char c) {
            return c >= '0' && c <= '9';
        })) {
        hash = tables::best(rows, std::stoull(id));
    } else {
        auto parsed = parse_digest<BlockHash>("block", id);
        if (!parsed) {
            parsed.error().expected = "an index or 64 hex digits";
            parsed.error().detail = "block: expected an index or a hash of 64 hex digits, found \"" +
                                    id.substr(0, 80) + "\"";
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
    return std::make_unique<ChainStream>(reading.view_ptr, reading.services.objects, first, last);
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
    const Staged rows{reading.view.store};
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("blocks").begin_array();
    std::uint64_t count = 0;
    for (; height >= 1 && count < page->limit; --height, ++count) {
        const auto hash = tables::best(rows, height);
        const auto record = hash ? tables::header(rows, *hash) : std::nullopt;
        if (!record) break;
        reading.services.objects.header(writer, *record, *hash);
    }
    writer.end_array();
    writer.key("length").number(reading.view.tip.height);
    end_page(reply, writer, "/blocks", *page,
             height >= 1 ? std::optional{make_cursor({height})} : std::nullopt);
    if (rows.fault()) return store_problem(*rows.fault());
    return reply;
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
    const auto bytes = tables::block(rows, record.height, hash);
    if (!bytes) {
        if (rows.fault()) return store_problem(*rows.fault());
        return no_block(reading.parameter(0));
    }
    http::Reply reply;
    reply.headers.push_back({"ETag", tag});
    reply.headers.push_back({"Cache-Control", "no-cache"});
    if (format == "hex") {
        reply.content_type = "text/plain; charset=utf-8";
        reply.body = to_hex(*bytes);
        return reply;
    }
    json::Writer writer{reply.body};
    writer.begin_object();
    reading.services.objects.block_members(writer, record, hash, *bytes);
    if (stale) writer.key("stale").boolean(true);
    if (record.invalid) writer.key("invalid").string(rule_name(record.reason));
    writer.end_object();
    return reply;
}

}  // namespace cairn::routes
