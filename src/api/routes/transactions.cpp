#include "api/routes/transactions.hpp"

#include "api/parse.hpp"
#include "api/routes/paging.hpp"
#include "core/consensus/merkle.hpp"
#include "core/base/hex.hpp"

namespace cairn::routes {
namespace {

struct Found {
    Location location;
    BlockHash block;
    Bytes bytes;  // of the block
};

std::optional<Found> confirmed(const Staged& rows, const Txid& id) {
    const auto location = tables::location(rows, id);
    const auto hash = location ? tables::best(rows, location->height) : std::nullopt;
    auto bytes = hash ? tables::block(rows, location->height, *hash) : std::nullopt;
    if (!bytes || bytes->size() < std::size_t{location->offset} + location->size) return std::nullopt;
    return Found{*location, *hash, std::move(*bytes)};
}

http::Problem unknown(const std::string& id) {
    return {.status = 404,
            .detail = "There is no transaction " + id.substr(0, 80) +
                      " in the chain, in the pool or among the last 10,000 dropped ones."};
}

void write_transaction(json::Writer& writer, const Objects& objects, const Txid& id, ByteView bytes) {
    if (const auto reward = decode_reward(bytes)) return objects.reward(writer, id, *reward);
    if (const auto transfer = decode_transfer(bytes)) return objects.transfer(writer, id, *transfer);
    writer.null();
}

http::Answer confirmed_answer(const Reading& reading, const Txid& id, const Found& found) {
    const std::uint64_t confirmations = reading.view.tip.height - found.location.height + 1;
    const std::string tag = "\"" + id.to_string() + "-" + found.block.to_string() + "-" +
                            std::to_string(confirmations) + "\"";
    if (is_unchanged(reading.request, tag)) return not_modified(tag);
    http::Reply reply;
    reply.headers.push_back({"ETag", tag});
    reply.headers.push_back({"Cache-Control", "no-cache"});
    json::Writer writer{reply.body};
    writer.begin_object().key("status").string("confirmed").key("transaction");
    write_transaction(writer, reading.services.objects, id,
                      ByteView{found.bytes}.subspan(found.location.offset, found.location.size));
    writer.key("block").begin_object().key("index").number(found.location.height);
    writer.key("hash").string(found.block.to_string()).end_object();
    writer.key("confirmations").number(confirmations).end_object();
    return reply;
}

}  // namespace

http::Answer transaction(const Reading& reading) {
    const auto id = parse_digest<Txid>("id", reading.parameter(0));
    if (!id) return id.error();
    const Staged rows{reading.view.store};
    if (const auto found = confirmed(rows, *id)) return confirmed_answer(reading, *id, *found);
    const auto pending = tables::pending(rows, *id);
    const auto dropped = pending ? std::nullopt : tables::dropped(rows, *id);
    if (rows.fault()) return store_problem(*rows.fault());
    if (!pending && !dropped) return unknown(reading.parameter(0));

    http::Reply reply;
    json::Writer writer{reply.body};
    const TransferPtr& transfer = pending ? pending->transfer : dropped->transfer;
    writer.begin_object().key("status").string(pending ? "pool" : "dropped").key("transaction");
    reading.services.objects.transfer(writer, *id, transfer->value());
    if (dropped) writer.key("reason").string(dropped->reason);
    writer.end_object();
    return reply;
}

http::Answer proof(const Reading& reading) {
    const auto id = parse_digest<Txid>("id", reading.parameter(0));
    if (!id) return id.error();
    const Staged rows{reading.view.store};
    const auto found = confirmed(rows, *id);
    if (rows.fault()) return store_problem(*rows.fault());
    if (!found)
        return http::Problem{.status = 404,
                             .detail = "There is no transaction " + reading.parameter(0).substr(0, 80) +
                                       " in the best chain; only such can be proven."};
    const auto block = decode_block(found->bytes);
    if (!block) return store_problem({StoreFault::corrupt, "a block does not decode"});
    std::vector<Txid> ids;
    for (const auto& slice : block->transactions) ids.push_back(slice.id);

    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("id").string(id->to_string());
    writer.key("block_hash").string(found->block.to_string());
    writer.key("index").number(found->location.height);
    writer.key("position").number(found->location.position);
    writer.key("count").number(ids.size());
    writer.key("branch").begin_array();
    for (const auto& sibling : merkle_branch(ids, found->location.position))
        writer.string(sibling.to_string());
    writer.end_array();
    writer.key("header").hex(encode(block->header)).end_object();
    return reply;
}

}  // namespace cairn::routes
