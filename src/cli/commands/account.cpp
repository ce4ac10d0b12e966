#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"
#include "cli/session/prompt.hpp"
#include "json/writer.hpp"

namespace cairn::cli {

Outcome<void> run_command(Context& context, const Login& login) {
    const auto password =
        read_password("Password of " + plain(login.name), login.password_file, false);
    if (!password) return fail(password.error());
    const auto body = context.session.log_in(login.name, *password);
    if (!body) return fail(body.error());
    if (context.json) {
        print_json(context, *body);
        return {};
    }
    const Json told = parse_json(*body).value_or(Json{});
    context.out.line("Logged in to " + context.session.options().node.text + " as " +
                     shown(told["name"]) + ".");
    Facts{context.out}
        .add("role", shown(told["role"]))
        .add("address", shown(told["address"]))
        .add("until", time_text(told["expires_at"].text()) + " UTC at most")
        .end();
    return {};
}

Outcome<void> run_command(Context& context, const Logout& /*logout*/) {
    const auto body = context.session.log_out();
    if (!body) return fail(body.error());
    if (context.json) {
        print_json(context, body->empty() ? R"({"message":"Nobody was logged in."})" : *body);
        return {};
    }
    const std::string message = shown(parse_json(*body).value_or(Json{})["message"]);
    context.out.line(message.empty() ? "Nobody was logged in." : message);
    return {};
}

Outcome<void> run_command(Context& context, const UserNew& user) {
    const auto password =
        read_password("Password for " + plain(user.name), user.password_file, true);
    if (!password) return fail(password.error());
    Call call{.method = "POST", .target = "/users", .needs_login = true};
    json::Writer{call.body, json::Quoting::as_typed}
        .begin_object()
        .key("name")
        .string(user.name)
        .key("password")
        .string(password->reveal())
        .key("role")
        .string(user.role)
        .end_object();
    auto done = answer(context, call, [&](const Json& made) {
        context.out.line("Made the " + shown(made["role"]) + " " + shown(made["name"]) + ".");
        Facts{context.out}.add("address", shown(made["address"])).end();
        context.out.line(
            "These 24 words restore the key. They are shown this once; write them down:");
        context.out.line("  " + shown(made["words"]));
    });
    wipe({reinterpret_cast<std::uint8_t*>(call.body.data()), call.body.size()});
    return done;
}

Outcome<void> run_command(Context& context, const UserList& /*list*/) {
    return answer(context, {.target = "/users", .needs_login = true}, [&](const Json& told) {
        Table table{context.out, {{"NAME"}, {"ROLE"}, {"ADDRESS"}}};
        for (const Json& user : told["users"].elements())
            table.row({shown(user["name"]), shown(user["role"]), shown(user["address"])});
        table.end();
    });
}

Outcome<void> run_command(Context& context, const UserRemove& user) {
    return answer(
        context,
        {.method = "DELETE", .target = "/users/" + percent_encode(user.name), .needs_login = true},
        [&](const Json& told) { context.out.line(shown(told["message"])); });
}

Outcome<void> run_command(Context& context, const Balance& balance) {
    const auto show = [&](const Json& account) {
        Facts{context.out}
            .add("name", shown(account["name"]))
            .add("role", shown(account["role"]))
            .add("address", shown(account["address"]))
            .add("balance", coins(account["balance"]))
            .add("nonce", shown(account["nonce"]))
            .add("pending", shown(account["pending"]))
            .end();
    };
    if (balance.account.empty())
        return answer(context, {.target = "/users/me", .needs_login = true}, show);
    return answer_about(
        context, balance.account,
        [](const std::string& who) { return Call{.target = "/accounts/" + percent_encode(who)}; },
        show);
}

}  // namespace cairn::cli
