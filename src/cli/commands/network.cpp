#include <algorithm>

#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"

namespace cairn::cli {
namespace {

void show_peers(Output& out, const Json::Array& peers) {
    Table table{out,
                {{"PEER"},
                 {"DIRECTION"},
                 {"BLOCK", Align::right},
                 {"IN", Align::right},
                 {"OUT", Align::right},
                 {"SECONDS", Align::right},
                 {"AGENT"},
                 {"KEY"}}};
    for (const Json& peer : peers) {
        table.row({peer["address"].shown(), peer["direction"].shown(), peer["index"].shown(),
                   peer["bytes_in"].shown(), peer["bytes_out"].shown(),
                   peer["connected_seconds"].shown(), shortened(peer["agent"].shown()),
                   shortened(peer["key"].shown())});
    }
    table.end();
}

void show_registered(Output& out, const Json::Array& nodes) {
    Table table{
        out,
        {{"REGISTERED"}, {"STATE"}, {"BLOCK", Align::right}, {"HASH"}, {"KEY"}, {"LAST ERROR"}}};
    for (const Json& node : nodes) {
        table.row({node["address"].shown(), node["state"].shown(), node["index"].shown(),
                   shortened(node["hash"].shown()), shortened(node["key"].shown()),
                   node["last_error"].shown()});
    }
    table.end();
}

/// What a node answered to /getblocks: counts, for the values themselves are `cairn inv --node`.
std::vector<std::string> inventory_row(const Json& told) {
    if (told["values"].elements().empty() && !told["error"].is_null())
        return {told["node"].shown(), "", "", "", told["error"].shown()};
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    std::string last;
    for (const Json& entry : told["values"].elements()) {
        if (entry["type"].text() == "block") {
            ++blocks;
            last = entry["value"].shown();
        } else {
            ++transactions;
        }
    }
    return {told["node"].shown(), std::to_string(blocks), std::to_string(transactions), last,
            told["truncated"].is_true() ? "cut: it is longer" : ""};
}

}  // namespace

Outcome<void> run_command(Context& context, const Nodes& /*nodes*/) {
    return answer(context, {.target = "/nodes"}, [&](const Json& told) {
        const Json::Array& peers = told["peers"].elements();
        const Json::Array& registered = told["registered"].elements();
        show_peers(context.out, peers);
        if (!peers.empty() && !registered.empty()) context.out.line("");
        show_registered(context.out, registered);
        if (peers.empty() && registered.empty()) {
            context.out.line("No peers and no registered nodes: cairn register HOST:PORT" +
                             context.session.options().attempt.flags);
        }
    });
}

Outcome<void> run_command(Context& context, const NodesRemove& node) {
    return answer(context,
                  {.method = "DELETE",
                   .target = "/nodes/" + percent_encode(node.address),
                   .needs_login = true},
                  [&](const Json& told) { context.out.line(told["message"].shown()); });
}

Outcome<void> run_command(Context& context, const Register& nodes) {
    std::string list = "[";
    for (const std::string& address : nodes.addresses)
        list += (list.size() > 1 ? "," : "") + json_quoted(address);
    const Call call{.method = "POST",
                    .target = "/nodes/register",
                    .body = json_object({{"nodes", list + "]"}}),
                    .needs_login = true};
    return answer(context, call, [&](const Json& told) {
        context.out.line(told["message"].shown() + ".");
        Table table{context.out, {{"NODE"}, {"CONNECTED"}, {"DETAIL"}}};
        for (const Json& node : told["nodes"].elements())
            table.row(
                {node["address"].shown(), yes_or_no(node["connected"]), node["detail"].shown()});
        table.end();
    });
}

Outcome<void> run_command(Context& context, const Resolve& /*resolve*/) {
    const Call call{.method = "POST", .target = "/nodes/resolve", .needs_login = true};
    const auto skip = [&](std::string_view, const Json&) { return context.out.good(); };
    return answer_streamed(context, call, {"chain", "new_chain"}, skip, [&](const Json& told) {
        context.out.line(told["message"].shown() + ".");
        Facts facts{context.out};
        facts.add("replaced", yes_or_no(told["replaced"])).add("length", told["length"].shown());
        for (const Json& warning : told["warnings"].elements())
            facts.add("warning", warning.shown());
        facts.end();
        Table nodes{context.out, {{"NODE"}, {"ANSWERED"}}};
        for (const Json& node : told["nodes"].elements())
            nodes.row(
                {node["address"].shown(), node["error"].is_null() ? "yes" : node["error"].shown()});
        nodes.end();
        Table dropped{context.out, {{"DROPPED TRANSACTION"}, {"REASON"}}};
        for (const Json& transfer : told["dropped"].elements())
            dropped.row({transfer["id"].shown(), transfer["reason"].shown()});
        dropped.end();
    });
}

Outcome<void> run_command(Context& context, const GetBlocks& /*blocks*/) {
    Table table{context.out,
                {{"NODE"},
                 {"BLOCKS", Align::right},
                 {"WAITING", Align::right},
                 {"LAST BLOCK"},
                 {"REMARK"}}};
    return answer_streamed(
        context, {.target = "/getblocks"}, {"information"},
        [&](std::string_view, const Json& told) {
            table.row(inventory_row(told));
            return context.out.good();
        },
        [&](const Json&) {
            table.end();
            if (table.rows() == 0) {
                context.out.line("No registered nodes: cairn register HOST:PORT" +
                                 context.session.options().attempt.flags);
            }
        });
}

}  // namespace cairn::cli
