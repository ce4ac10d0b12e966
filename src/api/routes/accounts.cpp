#include "api/routes/accounts.hpp"

#include <algorithm>

#include "api/account_state.hpp"
#include "api/parse.hpp"
#include "api/piece_stream.hpp"
#include "api/routes/paging.hpp"
#include "core/primitives/coins.hpp"

namespace cairn::routes {
namespace {

Result<NamedAddress, http::Problem> parameter_account(const Reading& reading) {
    return parse_named("address", reading.parameter(0), reading.services.chain->spec(),
                       reading.services.names);
}

std::string_view direction_text(std::uint8_t direction) {
    if (direction == (kOutgoing | kIncoming)) return "self";
    return direction == kOutgoing ? "out" : "in";
}

/// A page of an account's history, a row at a time: each may lie in a block of its own.
class HistoryStream final : public PieceStream {
public:
    HistoryStream(ViewPtr view, const Services& services, std::vector<HistoryEntry> entries,
                  std::optional<std::string> next)
        : PieceStream{std::move(view)},
          objects_{services.objects},
          blocks_{*services.blocks},
          entries_{std::move(entries)},
          next_{std::move(next)} {}

private:
    [[nodiscard]] std::size_t kept() const override { return entries_.size() * sizeof entries_[0]; }
    bool piece(std::string& out) override {
        if (!std::exchange(begun_, true)) out += "{\"transactions\":[";
        if (at_ < entries_.size()) {
            if (find_block(entries_[at_].height)) row(out, entries_[at_++]);
            return !rows().fault();
        }
        out += "],\"next\":" + (next_ ? "\"" + *next_ + "\"}" : std::string{"null}"});
        return false;
    }
    void rest() override { block_.reset(); }

    /// False: it is being read, or the store failed.
    [[nodiscard]] bool find_block(Height height) {
        if (block_ && height == height_) return true;
        if (height != height_) {
            height_ = height;
            hash_ = tables::best(rows(), height).value_or(BlockHash{});
            size_ = tables::header(rows(), hash_).value_or(HeaderRecord{}).size;
        }
        block_ = block(blocks_, height, hash_, size_);
        return block_ != nullptr;
    }
    void row(std::string& out, const HistoryEntry& entry) {
        const auto location = tables::location(rows(), entry.id);
        if (!location || block_->size() < std::size_t{location->offset} + location->size) return;
        const ByteView slice = ByteView{*block_}.subspan(location->offset, location->size);
        if (!std::exchange(first_, false)) out += ',';
        json::Writer writer{out};
        writer.begin_object().key("transaction");
        if (const auto reward = decode_reward(slice))
            objects_.reward(writer, entry.id, *reward);
        else if (const auto transfer = decode_transfer(slice))
            objects_.transfer(writer, entry.id, *transfer);
        writer.key("block").begin_object().key("index").number(entry.height);
        writer.key("hash").string(hash_.to_string()).end_object();
        writer.key("direction").string(direction_text(entry.direction)).end_object();
    }

    const Objects& objects_;
    BlockCache& blocks_;
    const std::vector<HistoryEntry> entries_;
    const std::optional<std::string> next_;
    std::size_t at_ = 0;
    bool begun_ = false;
    bool first_ = true;
    Height height_ = 0;  // of the block at hand
    BlockHash hash_;
    std::size_t size_ = 0;
    SharedBytes block_;
};

}  // namespace

http::Answer account(const Reading& reading) {
    const auto named = parameter_account(reading);
    if (!named) return named.error();
    const Staged rows{reading.view.store};
    const AccountState state = account_state(rows, reading.view, named->address);
    if (rows.fault()) return store_problem(*rows.fault());
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("address").string(reading.services.objects.address(named->address));
    if (named->name) writer.key("name").string(*named->name);
    writer.key("balance").raw(format_coin_units(state.account.balance));
    writer.key("nonce").number(state.account.nonce);
    writer.key("pending").number(state.pending);
    writer.key("next_nonce").number(state.next_nonce);
    writer.key("seen").boolean(state.seen);
    writer.end_object();
    return reply;
}

http::Answer account_transactions(const Reading& reading) {
    const auto named = parameter_account(reading);
    if (!named) return named.error();
    const auto page = read_page(reading.request);
    if (!page) return page.error();
    std::optional<std::pair<Height, std::uint32_t>> after;
    if (page->cursor) {
        const auto numbers = parse_cursor(*page->cursor, 2);
        if (!numbers || (*numbers)[1] > UINT32_MAX) return cursor_problem(*page->cursor);
        after.emplace((*numbers)[0], static_cast<std::uint32_t>((*numbers)[1]));
    }
    const Staged rows{reading.view.store};
    auto entries = tables::history(rows, named->address, after, page->limit + 1);
    if (rows.fault()) return store_problem(*rows.fault());
    std::optional<std::string> next;
    if (entries.size() > page->limit) {
        entries.resize(page->limit);
        next = make_cursor({entries.back().height, entries.back().position});
    }
    const std::string path =
        "/accounts/" + reading.services.objects.address(named->address) + "/transactions";
    auto stream = std::make_unique<HistoryStream>(reading.view_ptr, reading.services,
                                                  std::move(entries), next);
    if (next) stream->set_headers(page_link(path, *page, *next));
    return stream;
}

}  // namespace cairn::routes
