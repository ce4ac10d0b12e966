#include "api/routes/mine.hpp"

#include "api/change.hpp"
#include "api/parse.hpp"
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

http::Answer mined_answer(const Services& services, const Mined& mined, std::uint64_t wanted) {
    if (mined.blocks.size() < wanted) return stopped_problem(mined, wanted);
    const ViewPtr view = services.gate.view();
    const Staged rows{view->store};
    const BlockHash& last = mined.blocks.back();
    const auto record = tables::header(rows, last);
    const auto bytes = record ? tables::block(rows, record->height, last) : std::nullopt;
    if (rows.fault()) return store_problem(*rows.fault());
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("message").string("New Block Forged");
    if (bytes) services.objects.block_members(writer, *record, last, *bytes);
    if (wanted > 1) {
        writer.key("blocks").begin_array();
        for (const auto& hash : mined.blocks) writer.string(hash.to_string());
        writer.end_array();
    }
    writer.end_object();
    return reply;
}

}  // namespace

void mine(Services& services, http::Request request, std::stop_token stop, http::Responder responder) {
    constexpr std::uint64_t kCountMax = 1000;
    const auto count = query_uint(request, "count", 1, kCountMax);
    if (!count) return responder.answer(count.error());
    std::optional<std::string> to = query_text(request, "to");
    if (!to && !request.body.empty()) {
        const auto body = parse_body(request);
        if (!body) return responder.answer(body.error());
        const auto fields = json::Fields::of(*body);
        if (!fields) return responder.answer(http::problem_of(fields.error()));
        const auto text = fields->optional_string("to");
        if (!text) return responder.answer(http::problem_of(text.error()));
        to = *text;
    }
    MineOrder order;
    order.to = caller_of(request)->address;
    if (to) {
        const auto named = parse_named("to", *to, services.chain->spec(), services.names);
        if (!named) return responder.answer(named.error());
        order.to = named->address;
        if (named->name) {
            const std::string note = encode_envelope({std::nullopt, named->name, std::nullopt});
            append(order.note, as_bytes(note));
        }
    }
    order.count = count->value_or(1);
    auto held = std::make_shared<http::Responder>(std::move(responder));
    const std::uint64_t wanted = order.count;
    services.mines.mine(std::move(order), std::move(stop), [&services, held, wanted](const Mined& mined) {
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
