#include "api/routes/nodes.hpp"

#include "api/change.hpp"
#include "api/parse.hpp"
#include "json/utf8.hpp"

namespace cairn::routes {
namespace {

constexpr std::size_t kEntriesMax = 256;
constexpr std::string_view kEntry = "host:port such as 127.0.0.1:5001";

/// What a request names: texts, and a report already where an entry is no text.
struct Entries {
    std::vector<std::string> texts;
    std::vector<std::optional<NodeReport>> reports;  // one per entry; none: the next text
};

void add_list(Entries& entries, std::string_view list) {
    while (true) {
        const std::size_t comma = list.find(',');
        std::string_view text = list.substr(0, comma);
        while (text.starts_with(' ')) text.remove_prefix(1);
        while (text.ends_with(' ')) text.remove_suffix(1);
        if (!text.empty()) {
            if (entries.reports.size() > kEntriesMax) return;  // too many, however many
            entries.texts.emplace_back(text);
            entries.reports.emplace_back();
        }
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

Result<Entries, http::Problem> read_entries(const http::Request& request) {
    const auto body = parse_body(request);
    if (!body) return fail(body.error());
    const auto wrong = [](std::string found) {
        return fail(field_problem("nodes", "a list of " + std::string{kEntry}, std::move(found)));
    };
    const auto too_many = [] {
        return fail(
            field_problem("nodes", "at most " + std::to_string(kEntriesMax) + " of them", "more"));
    };
    const json::Value* nodes = body->find("nodes");
    if (nodes == nullptr || nodes->is_null()) return wrong("nothing");
    Entries entries;
    if (const std::string* list = nodes->string()) {
        add_list(entries, *list);
    } else if (const auto* array = nodes->array()) {
        if (array->size() > kEntriesMax) return too_many();
        for (const auto& item : *array) {
            if (const std::string* text = item.string()) {
                entries.texts.push_back(*text);
                entries.reports.emplace_back();
            } else {
                const std::string found = json::describe(item);
                entries.reports.push_back(NodeReport{
                    found, false, "Expected " + std::string{kEntry} + ", found " + found + "."});
            }
        }
    } else {
        return wrong(json::describe(*nodes));
    }
    if (entries.reports.empty()) return wrong("an empty list");
    if (entries.reports.size() > kEntriesMax) return too_many();
    return entries;
}

void write_texts(json::Writer& writer, const std::vector<std::string>& texts) {
    writer.begin_array();
    for (const auto& text : texts) writer.string(text);
    writer.end_array();
}

std::string reports_text(const Entries& entries, const std::vector<NodeReport>& told) {
    std::string out;
    json::Writer writer{out};
    writer.begin_array();
    auto next = told.begin();
    for (const auto& report : entries.reports) {
        if (!report && next == told.end()) break;
        const NodeReport& row = report ? *report : *next++;
        // What was sent is not sent back whole: no address is as long.
        constexpr std::size_t kShown = 300;
        writer.begin_object().key("address").string(json::cut(row.address, kShown));
        writer.key("connected").boolean(row.connected);
        writer.key("detail").string(json::cut(row.detail, 2 * kShown)).end_object();
    }
    writer.end_array();
    return out;
}

http::Answer registered_answer(const Entries& entries, const RegisterOutcome& outcome) {
    std::string reports = reports_text(entries, outcome.nodes);
    if (!outcome.usable) {
        http::Problem problem{.status = 400,
                              .detail = entries.reports.size() == 1 && outcome.nodes.size() == 1
                                            ? outcome.nodes.front().detail
                                            : "No entry of `nodes` is a node's address that can be "
                                              "used; `nodes` of this answer tells why of each."};
        problem.field = "nodes";
        problem.expected = std::string{kEntry};
        problem.nodes = std::move(reports);
        return problem;
    }
    http::Reply reply;
    reply.status = 201;
    json::Writer writer{reply.body};
    writer.begin_object().key("message").string("New nodes have been added");
    write_texts(writer.key("total_nodes"), outcome.total_nodes);
    writer.key("nodes").raw(reports).end_object();
    return reply;
}

/// What both lists tell of a node, as far as it is known.
void node_members(json::Writer& writer, const ListedNode& node) {
    const NodeState& state = node.state;
    if (state.key) writer.key("key").hex(state.key->bytes);
    if (!state.agent.empty()) writer.key("agent").string(state.agent);
    if (state.index > 0) writer.key("index").number(state.index);
    if (state.hash) writer.key("hash").string(state.hash->to_string());
    if (node.bytes_in) writer.key("bytes_in").number(*node.bytes_in);
    if (node.bytes_out) writer.key("bytes_out").number(*node.bytes_out);
}

http::Answer list_answer(const std::vector<ListedNode>& nodes) {
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("peers").begin_array();
    for (const auto& node : nodes) {
        if (!node.state.connected) continue;
        writer.begin_object().key("address").string(node.state.address);
        writer.key("direction").string(node.state.outbound ? "out" : "in");
        node_members(writer, node);
        writer.key("connected_seconds").number(node.state.connected_ms / 1000).end_object();
    }
    writer.end_array().key("registered").begin_array();
    for (const auto& node : nodes) {
        if (!node.state.registered) continue;
        writer.begin_object().key("address").string(node.state.address);
        writer.key("state").string(node.state.state);
        node_members(writer, node);
        if (!node.state.last_error.empty()) writer.key("last_error").string(node.state.last_error);
        writer.end_object();
    }
    writer.end_array().end_object();
    return reply;
}

http::Answer removed_answer(const std::string& address, const RemoveOutcome& outcome) {
    if (!outcome.removed) {
        std::string detail = "There is no registered node " + address.substr(0, 80);
        if (outcome.total_nodes.empty()) detail += "; none is registered.";
        for (std::size_t i = 0; i < outcome.total_nodes.size(); ++i)
            detail += (i == 0 ? "; registered: " : ", ") + outcome.total_nodes[i];
        return http::Problem{.status = 404, .detail = std::move(detail)};
    }
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("message").string("Removed: " + address);
    write_texts(writer.key("total_nodes"), outcome.total_nodes);
    writer.end_object();
    return reply;
}

}  // namespace

http::Problem nodes_problem(const NodesFailure& failure, std::string_view ask) {
    http::Problem problem{.status = 503, .detail = failure.why};
    if (failure.begun && !ask.empty()) {
        problem.detail += " What was asked for may be done in part: ask " + std::string{ask} + ".";
        problem.outcome = "unknown";
    } else {
        problem.retry_after = 1;
    }
    return problem;
}

void register_nodes(Services& services, http::Request request, std::stop_token stop,
                    http::Responder responder) {
    auto entries = read_entries(request);
    if (!entries) return responder.answer(std::move(entries.error()));
    // Nothing to ask the node: none of them is even a text.
    if (entries->texts.empty()) return responder.answer(registered_answer(*entries, {}));
    auto change =
        std::make_shared<Change>(std::move(responder), stop, "GET /nodes", services.stopping);
    auto texts = entries->texts;
    services.nodes.register_nodes(
        std::move(texts), std::move(stop), [change] { return change->begin(); },
        [change, entries = std::move(*entries)](Result<RegisterOutcome, NodesFailure> outcome) {
            if (!outcome && outcome.error().out_of_time) return change->give_up();
            change->answer(outcome ? registered_answer(entries, *outcome)
                                   : http::Answer{nodes_problem(outcome.error(), "GET /nodes")});
        });
}

void list_nodes(Services& services, http::Request /*request*/, std::stop_token /*stop*/,
                http::Responder responder) {
    auto held = std::make_shared<http::Responder>(std::move(responder));
    services.nodes.list([held](Result<std::vector<ListedNode>, NodesFailure> nodes) {
        held->answer(nodes ? list_answer(*nodes) : http::Answer{nodes_problem(nodes.error())});
    });
}

void remove_node(Services& services, http::Request request, std::stop_token stop,
                 http::Responder responder) {
    auto change = std::make_shared<Change>(std::move(responder), std::move(stop), "GET /nodes",
                                           services.stopping);
    const std::string address = request.parameters[0];
    services.nodes.remove(
        address, [change] { return change->begin(); },
        [change, address](Result<RemoveOutcome, NodesFailure> outcome) {
            change->answer(outcome ? removed_answer(address, *outcome)
                                   : http::Answer{nodes_problem(outcome.error())});
        });
}

}  // namespace cairn::routes
