#include "api/routes/accounts.hpp"

#include <algorithm>

#include "api/account_state.hpp"
#include "api/parse.hpp"
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
    const auto entries = tables::history(rows, named->address, after, page->limit + 1);
    const std::size_t shown = std::min<std::size_t>(entries.size(), page->limit);

    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("transactions").begin_array();
    BlockHash hash;
    Bytes bytes;
    Height loaded = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        const HistoryEntry& entry = entries[i];
        if (entry.height != loaded) {
            hash = tables::best(rows, entry.height).value_or(BlockHash{});
            bytes = tables::block(rows, entry.height, hash).value_or(Bytes{});
            loaded = entry.height;
        }
        const auto location = tables::location(rows, entry.id);
        if (!location || bytes.size() < std::size_t{location->offset} + location->size) continue;
        const ByteView slice = ByteView{bytes}.subspan(location->offset, location->size);
        writer.begin_object().key("transaction");
        if (const auto reward = decode_reward(slice)) reading.services.objects.reward(writer, entry.id, *reward);
        else if (const auto transfer = decode_transfer(slice))
            reading.services.objects.transfer(writer, entry.id, *transfer);
        writer.key("block").begin_object().key("index").number(entry.height);
        writer.key("hash").string(hash.to_string()).end_object();
        writer.key("direction").string(direction_text(entry.direction)).end_object();
    }
    writer.end_array();
    std::optional<std::string> next;
    if (entries.size() > shown)
        next = make_cursor({entries[shown - 1].height, entries[shown - 1].position});
    end_page(reply, writer,
             "/accounts/" + reading.services.objects.address(named->address) + "/transactions", *page, next);
    if (rows.fault()) return store_problem(*rows.fault());
    return reply;
}

}  // namespace cairn::routes
