#include "cli/base/text.hpp"
#include "cli/commands/all.hpp"
#include "cli/session/prompt.hpp"

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
                     told["name"].shown() + ".");
    Facts{context.out}
        .add("role", told["role"].shown())
        .add("address", told["address"].shown())
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
    const std::string message = parse_json(*body).value_or(Json{})["message"].shown();
    context.out.line(message.empty() ? "Nobody was logged in." : message);
    return {};
}

Outcome<void> run_command(Context& context, const UserNew& user) {
    const auto password =
        read_password("Password for " + plain(user.name), user.password_file, true);
    if (!password) return fail(password.error());
    Call call{.method = "POST", .target = "/users", .needs_login = true};
    call.body = json_object({{"name", json_quoted(user.name)},
                             {"password", json_quoted(password->reveal())},
                             {"role", json_quoted(user.role)}});
    auto done = answer(context, call, [&](const Json& made) {
        context.out.line("Made the " + made["role"].shown() + " " + made["name"].shown() + ".");
        Facts{context.out}.add("address", made["address"].shown()).end();
        context.out.line(
            "These 24 words restore the key. They are shown this once; write them down:");
        context.out.line("  " + made["words"].shown());
    });
    wipe({reinterpret_cast<std::uint8_t*>(call.body.data()), call.body.size()});
    return done;
}

Outcome<void> run_command(Context& context, const UserList& /*list*/) {
    return answer(context, {.target = "/users", .needs_login = true}, [&](const Json& told) {
        Table table{context.out, {{"NAME"}, {"ROLE"}, {"ADDRESS"}}};
        for (const Json& user : told["users"].elements())
            table.row({user["name"].shown(), user["role"].shown(), user["address"].shown()});
        table.end();
    });
}

Outcome<void> run_command(Context& context, const UserRemove& user) {
    return answer(
        context,
        {.method = "DELETE", .target = "/users/" + percent_encode(user.name), .needs_login = true},
        [&](const Json& told) { context.out.line(told["message"].shown()); });
}

Outcome<void> run_command(Context& context, const Balance& balance) {
    const auto show = [&](const Json& account) {
        Facts{context.out}
            .add("name", account["name"].shown())
            .add("role", account["role"].shown())
            .add("address", account["address"].shown())
            .add("balance", coins(account["balance"]))
            .add("nonce", account["nonce"].shown())
            .add("pending", account["pending"].shown())
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
