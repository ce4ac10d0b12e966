#include "cli/commands/context.hpp"

#include <optional>

#include "cli/base/text.hpp"
#include "cli/session/problem.hpp"

namespace cairn::cli {
namespace {

/// Writes an answer piece by piece.
class JsonPrinter {
public:
    explicit JsonPrinter(Output& out) : out_{out} {}
    bool next(std::string_view piece) {
        if (!piece.empty()) last_ = piece.back();
        out_.write(out_.terminal() ? escaper_.next(piece) : std::string{piece});
        return out_.good();
    }
    void end() {
        if (out_.terminal()) out_.write(escaper_.end());
        if (last_ != '\n') out_.write("\n");
    }

private:
    Output& out_;
    JsonEscaper escaper_;
    char last_ = '\0';
};

/// The address of a user of this node, if its operator asks and there is such a user.
std::optional<std::string> address_of_user(Context& context, const std::string& name) {
    const auto users = context.session.json({.target = "/users", .needs_login = true});
    if (!users) return std::nullopt;
    for (const Json& user : (*users)["users"].elements())
        if (user["name"].text() == name) return user["address"].text();
    return std::nullopt;
}

/// The node was given something that is no account.
bool knows_no_account(const Failure& failure) {
    if (failure.status != 400) return false;
    const std::string field = parse_json(failure.answer).value_or(Json{})["field"].text();
    return field == "recipient" || field == "address" || field == "to";
}

Outcome<void> show_text(Context& context, const std::string& body,
                        const std::function<void(const Json&)>& show) {
    if (context.json) {
        print_json(context, body);
        return {};
    }
    const auto read = parse_json(body);
    if (!read || !read->is_object()) {
        return fail(not_a_node(context.session.options().node.text,
                               read ? "no JSON object" : read.error().reason));
    }
    show(*read);
    return {};
}

}  // namespace

void print_json(Context& context, std::string_view body) {
    JsonPrinter printer{context.out};
    printer.next(body);
    printer.end();
}

Outcome<void> answer(Context& context, const Call& call,
                     const std::function<void(const Json&)>& show) {
    const auto body = context.session.text(call);
    if (!body) return fail(body.error());
    return show_text(context, *body, show);
}

Outcome<void> answer_streamed(Context& context, const Call& call, std::vector<std::string> arrays,
                              json::OnElement on_element,
                              const std::function<void(const Json&)>& end) {
    if (context.json) {
        JsonPrinter printer{context.out};
        auto passed =
            context.session.pass(call, [&](std::string_view piece) { return printer.next(piece); });
        if (passed) printer.end();
        return passed;
    }
    const auto rest = context.session.stream(call, std::move(arrays), std::move(on_element));
    if (!rest) return fail(rest.error());
    end(*rest);
    return {};
}

Outcome<void> answer_about(Context& context, const std::string& who,
                           const std::function<Call(const std::string&)>& call,
                           const std::function<void(const Json&)>& show) {
    auto body = context.session.text(call(who));
    if (!body && knows_no_account(body.error())) {
        if (const auto address = address_of_user(context, who))
            body = context.session.text(call(*address));
    }
    if (!body) return fail(body.error());
    return show_text(context, *body, show);
}

std::string query(const std::vector<std::pair<std::string, std::string>>& members) {
    std::string out;
    for (const auto& [name, value] : members) {
        if (value.empty()) continue;
        out += (out.empty() ? "?" : "&") + name + "=" + percent_encode(value);
    }
    return out;
}

std::string coins(const Json& amount) {
    const std::string text = shown(amount);
    if (text.empty()) return {};
    return text + (text == "1" ? " coin" : " coins");
}

std::string yes_or_no(const Json& value) { return value.is_true() ? "yes" : "no"; }

std::vector<Column> transfer_columns() {
    return {{"AMOUNT", Align::right},
            {"FEE", Align::right},
            {"FROM"},
            {"TO"},
            {"NONCE", Align::right},
            {"ID"},
            {"MEMO"}};
}

std::vector<std::string> transfer_row(const Json& transfer) {
    const bool reward = transfer["nonce"].is_null();
    return {shown(transfer["amount"]),
            shown(transfer["fee"]),
            reward ? "(reward)" : shortened(shown(transfer["sender"])),
            shortened(shown(transfer["recipient"])),
            shown(transfer["nonce"]),
            shown(transfer["id"]),
            shortened(shown(transfer["memo"]))};
}

}  // namespace cairn::cli
