#include <algorithm>

#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"
#include "json/writer.hpp"

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
        table.row({shown(peer["address"]), shown(peer["direction"]), shown(peer["index"]),
                   shown(peer["bytes_in"]), shown(peer["bytes_out"]),
                   shown(peer["connected_seconds"]), shortened(shown(peer["agent"])),
                   shortened(shown(peer["key"]))});
    }
    table.end();
}

void show_registered(Output& out, const Json::Array& nodes) {
    Table table{
        out,
        {{"REGISTERED"}, {"STATE"}, {"BLOCK", Align::right}, {"HASH"}, {"KEY"}, {"LAST ERROR"}}};
    for (const Json& node : nodes) {
        table.row({shown(node["address"]), shown(node["state"]), shown(node["index"]),
                   shortened(shown(node["hash"])), shortened(shown(node["key"])),
                   shown(node["last_error"])});
    }
    table.end();
}

/// What a node answered to /getblocks: counts, for the values themselves are `cairn inv --node`.
std::vector<std::string> inventory_row(const Json& told) {
    if (told["values"].elements().empty() && !told["error"].is_null())
        return {shown(told["node"]), "", "", "", shown(told["error"])};
    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;
    std::string last;
    for (const Json& entry : told["values"].elements()) {
        if (entry["type"].text() == "block") {
            ++blocks;
            last = shown(entry["value"]);
        } else {
            ++transactions;
        }
    }
    return {shown(told["node"]), std::to_string(blocks), std::to_string(transactions), last,
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
                  [&](const Json& told) { context.out.line(shown(told["message"])); });
}

Outcome<void> run_command(Context& context, const Register& nodes) {
    std::string body;
    json::Writer list{body, json::Quoting::as_typed};
    list.begin_object().key("nodes").begin_array();
    for (const std::string& address : nodes.addresses) list.string(address);
    list.end_array().end_object();
    const Call call{.method = "POST",
                    .target = "/nodes/register",
                    .body = std::move(body),
                    .needs_login = true};
    return answer(context, call, [&](const Json& told) {
        context.out.line(shown(told["message"]) + ".");
        Table table{context.out, {{"NODE"}, {"CONNECTED"}, {"DETAIL"}}};
        for (const Json& node : told["nodes"].elements())
            table.row(
                {shown(node["address"]), yes_or_no(node["connected"]), shown(node["detail"])});
        table.end();
    });
}

Outcome<void> run_command(Context& context, const Resolve& /*resolve*/) {
    const Call call{.method = "POST", .target = "/nodes/resolve", .needs_login = true};
    const auto skip = [&](std::string_view, const Json&) { return context.out.good(); };
    return answer_streamed(context, call, {"chain", "new_chain"}, skip, [&](const Json& told) {
        context.out.line(shown(told["message"]) + ".");
        Facts facts{context.out};
        facts.add("replaced", yes_or_no(told["replaced"])).add("length", shown(told["length"]));
        for (const Json& warning : told["warnings"].elements())
            facts.add("warning", shown(warning));
        facts.end();
        Table nodes{context.out, {{"NODE"}, {"ANSWERED"}}};
        for (const Json& node : told["nodes"].elements())
            nodes.row(
                {shown(node["address"]), node["error"].is_null() ? "yes" : shown(node["error"])});
        nodes.end();
        Table dropped{context.out, {{"DROPPED TRANSACTION"}, {"REASON"}}};
        for (const Json& transfer : told["dropped"].elements())
            dropped.row({shown(transfer["id"]), shown(transfer["reason"])});
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
