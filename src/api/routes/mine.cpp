#include "api/routes/mine.hpp"

#include "api/block_pieces.hpp"
#include "api/change.hpp"
#include "api/parse.hpp"
#include "api/piece_stream.hpp"
#include "node/node.hpp"

namespace cairn::routes {
namespace {

http::Problem stopped_problem(const Mined& mined, std::uint64_t wanted) {
    std::string detail = mined.stopped + " " + std::to_string(mined.blocks.size()) + " of " +
                         std::to_string(wanted) + " blocks were mined";
    for (std::size_t i = 0; i < mined.blocks.size(); ++i)
        detail += (i == 0 ? ": " : ", ") + mined.blocks[i].to_string();
    http::Problem problem{.status = 503, .detail = detail + "."};
    if (mined.unsettled) {
        problem.id = mined.unsettled->to_string();
        problem.detail += " Another was found, and is not written yet: ask GET /blocks/" +
                          *problem.id + " before you mine again.";
        problem.outcome = "unknown";
    } else if (!mined.blocks.empty()) {
        problem.outcome = "partial";
    } else {
        problem.retry_after = mined.retry_after_s;
    }
    return problem;
}

/// The last block that was mined, with the news of it.
class MinedStream final : public PieceStream {
public:
    MinedStream(ViewPtr view, const Services& services, const BlockHash& hash,
                const HeaderRecord& record, std::string after)
        : PieceStream{std::move(view)},
          block_{rows(),
                 services.objects,
                 finder(*services.blocks),
                 hash,
                 record,
                 "\"message\":\"New Block Forged\",",
                 std::move(after)} {}

private:
    bool piece(std::string& out) override { return block_.next(out); }
    void rest() override { block_.rest(); }

    BlockWriter block_;
};

http::Answer mined_answer(const Services& services, const Mined& mined, std::uint64_t wanted) {
    if (mined.blocks.size() < wanted) return stopped_problem(mined, wanted);
    const ViewPtr view = services.gate.view();
    const Staged rows{view->store};
    const BlockHash& last = mined.blocks.back();
    const auto record = tables::header(rows, last);
    if (rows.fault()) return store_problem(*rows.fault());
    if (!record)
        return store_problem({StoreFault::corrupt, "the block that was mined is not there"});
    std::string after;
    if (wanted > 1) {
        json::Writer writer{after};
        after += ',';
        writer.key("blocks").begin_array();
        for (const auto& hash : mined.blocks) writer.string(hash.to_string());
        writer.end_array();
    }
    return std::make_unique<MinedStream>(view, services, last, *record, std::move(after));
}

/// What a search may be told: in the query, or in the body, and nowhere twice.
struct MineWish {
    std::optional<std::uint64_t> count;
    std::optional<std::string> to;
};

Result<MineWish, http::Problem> read_mine_wish(const http::Request& request) {
    constexpr std::uint64_t kCountMax = 1000;
    const auto body = parse_body(request);
    if (!body) return fail(body.error());
    const auto in_body = json::Fields::of(*body);
    if (!in_body) return fail(http::problem_of(in_body.error()));
    const auto in_query = json::Fields::of(request.head.query);
    if (!in_query) return fail(http::problem_of(in_query.error()));
    // Who names these believes that they count, and would take another's block for it.
    for (const std::string_view not_taken : {"proof", "id", "miner"})
        if (in_body->has(not_taken) || in_query->has(not_taken))
            return fail(field_problem(not_taken,
                                      "nothing: this node searches the proof itself, and pays whom "
                                      "`to` names",
                                      "a value"));
    for (const std::string_view name : {"count", "to"})
        if (in_body->has(name) && in_query->has(name))
            return fail(field_problem(name, "one value", "one in the query and one in the body"));
    const auto& counted = in_query->has("count") ? in_query : in_body;
    const auto count = counted->optional_uint("count", 1, kCountMax);
    if (!count) return fail(http::problem_of(count.error()));
    const auto& named = in_query->has("to") ? in_query : in_body;
    const auto to = named->optional_string("to");
    if (!to) return fail(http::problem_of(to.error()));
    return MineWish{*count, *to};
}

}  // namespace

void mine(Services& services, http::Request request, std::stop_token stop,
          http::Responder responder) {
    const auto wish = read_mine_wish(request);
    if (!wish) return responder.answer(wish.error());
    MineOrder order;
    order.to = caller_of(request)->address;
    if (wish->to) {
        const auto named = parse_named("to", *wish->to, services.chain->spec(), services.names);
        if (!named) return responder.answer(named.error());
        order.to = named->address;
        if (named->name) {
            const std::string note = encode_envelope({std::nullopt, named->name, std::nullopt});
            append(order.note, as_bytes(note));
        }
    }
    order.count = wish->count.value_or(1);
    auto held = std::make_shared<http::Responder>(std::move(responder));
    const std::uint64_t wanted = order.count;
    services.mines.mine(std::move(order), std::move(stop),
                        [&services, held, wanted](const Mined& mined) {
                            held->answer(mined_answer(services, mined, wanted));
                        });
}

void restart(Services& services, http::Request /*request*/, std::stop_token stop,
             http::Responder responder) {
    using Backup = Result<std::string, StoreError>;
    auto change = std::make_shared<Change>(std::move(responder), std::move(stop), "GET /status",
                                           services.stopping);
    const bool posted = services.gate.post(
        Lane::blocks,
        change_command(
            change, [](Node& node, Now now) { return node.restart(now); },
            [change](std::optional<Backup> backup, Result<ViewPtr, StoreError> outcome) {
                if (!outcome) return change->answer(store_problem(outcome.error()));
                if (!*backup) return change->answer(store_problem(backup->error()));
                http::Reply reply;
                json::Writer writer{reply.body};
                writer.begin_object().key("message").string(
                    "The chain begins anew: chain and pool are back to genesis.");
                writer.key("length").number((*outcome)->tip.height).key("backup");
                if ((*backup)->empty())
                    writer.null();
                else
                    writer.string(**backup);
                writer.end_object();
                change->answer(std::move(reply));
            },
            true));
    if (!posted) change->answer(busy_problem());
}

}  // namespace cairn::routes
