#include "api/routes/users.hpp"

#include "api/account_state.hpp"
#include "api/change.hpp"
#include "api/parse.hpp"
#include "core/primitives/coins.hpp"
#include "wallet/password.hpp"

namespace cairn::routes {
namespace {

http::Problem user_problem(UserError error, std::string_view password, std::string_view name) {
    http::Problem problem{.status = 400, .detail = std::string{describe(error)}};
    switch (error) {
        case UserError::bad_name:
            problem.field = "name";
            problem.expected = "1 to 64 of A-Z a-z 0-9 . _ -";
            break;
        case UserError::bad_role:
            problem.field = "role";
            problem.expected = "member or operator";
            break;
        case UserError::bad_password:
            problem.field = "password";
            if (const auto flaw = flaw_of(password, name))
                problem.detail = std::string{describe(*flaw)};
            break;
        case UserError::exists:
            problem.status = 409;
            problem.field = "name";
            break;
        case UserError::unknown:
            problem.status = 404;
            break;
        case UserError::last_operator:
        case UserError::changed_meanwhile:
            problem.status = 409;
            break;
        case UserError::too_many:
        case UserError::no_memory:
        case UserError::io:
        case UserError::displaced:
            problem.status = 503;
            problem.retry_after = 10;
            break;
        case UserError::bad_words:
        case UserError::wrong_password:
            break;
    }
    return problem;
}

void user_members(json::Writer& writer, const Services& services, const User& user) {
    writer.key("name").string(user.name.shown());
    writer.key("role").string(role_name(user.role));
    writer.key("address").string(services.objects.address(user.address));
}

struct Wish {
    std::string name;
    SecretText password;
    Role role = Role::member;
};

Result<Wish, http::Problem> read_wish(const http::Request& request) {
    const auto value = parse_body(request);
    if (!value) return fail(value.error());
    const auto fields = json::Fields::of(*value);
    if (!fields) return fail(http::problem_of(fields.error()));
    // A key of one's own would be another than the one that is made here.
    for (const std::string_view not_taken : {"words", "address", "key"})
        if (fields->has(not_taken))
            return fail(field_problem(not_taken, "nothing: this node makes the key and its words",
                                      "a value"));
    auto name = fields->string("name");
    if (!name) return fail(http::problem_of(name.error()));
    const auto password = fields->string("password");
    if (!password) return fail(http::problem_of(password.error()));
    const auto text = fields->optional_string("role");
    if (!text) return fail(http::problem_of(text.error()));
    const auto role = *text ? parse_role(**text) : Role::member;
    if (!role)
        return fail(
            field_problem("role", "member or operator", "\"" + (*text)->substr(0, 40) + "\""));
    return Wish{std::move(*name), SecretText{*password}, *role};
}

http::Answer create(Services& services, const Wish& wish) {
    const auto pass = services.argon2.enter();
    if (!pass) {
        http::Problem problem{.status = 429,
                              .detail = "Others are logging in: try again in a second."};
        problem.retry_after = 1;
        return problem;
    }
    const auto made = services.users.create(wish.name, wish.password, wish.role);
    if (!made) return user_problem(made.error(), wish.password.reveal(), wish.name);
    http::Reply reply;
    reply.status = 201;
    json::Writer writer{reply.body};
    writer.begin_object();
    user_members(writer, services, *made->user);
    writer.key("words").string(made->words.reveal()).end_object();
    return reply;
}

}  // namespace

void list_users(Services& services, http::Request /*request*/, std::stop_token /*stop*/,
                http::Responder responder) {
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("users").begin_array();
    for (const auto& user : services.users.list()) {
        writer.begin_object();
        user_members(writer, services, *user);
        writer.end_object();
    }
    writer.end_array().end_object();
    responder.answer(std::move(reply));
}

void create_user(Services& services, http::Request request, std::stop_token stop,
                 http::Responder responder) {
    auto wish = read_wish(request);
    if (!wish) return responder.answer(std::move(wish.error()));
    auto change = std::make_shared<Change>(
        std::move(responder), std::move(stop),
        "GET /users (a user whose 24 words you never saw is best removed and made again)",
        services.stopping);
    auto kept = std::make_shared<Wish>(std::move(*wish));
    const bool posted = services.slow.post(
        SlowWork::users, "", [&services, change, kept](const SlowLane::Hold& /*none*/) {
            if (change->begin()) change->answer(create(services, *kept));
        });
    if (!posted) change->answer(busy_problem());
}

void remove_user(Services& services, http::Request request, std::stop_token stop,
                 http::Responder responder) {
    auto held = std::make_shared<Change>(std::move(responder), std::move(stop), "GET /users",
                                         services.stopping);
    const std::string name = request.parameters[0];
    const auto remove = [&services, held, name](const SlowLane::Hold& /*none*/) {
        if (!held->begin()) return;
        const UserPtr user = services.users.find(name);
        if (!user)
            return held->answer(http::Problem{
                .status = 404, .detail = "There is no user " + name.substr(0, 64) + "."});
        if (auto removed = services.users.remove(name); !removed)
            return held->answer(user_problem(removed.error(), "", name));
        services.sessions.close_user(user->name);
        http::Reply reply;
        json::Writer writer{reply.body};
        writer.begin_object().key("message").string("Removed: " + user->name.shown()).end_object();
        held->answer(std::move(reply));
    };
    if (!services.slow.post(SlowWork::users, "", remove)) held->answer(busy_problem());
}

void who_am_i(Services& services, http::Request request, std::stop_token /*stop*/,
              http::Responder responder) {
    const Caller& caller = *caller_of(request);
    const ViewPtr view = services.gate.view();
    const Staged rows{view->store};
    const AccountState state = account_state(rows, *view, caller.address);
    if (rows.fault()) return responder.answer(store_problem(*rows.fault()));
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("name").string(caller.name.shown());
    writer.key("role").string(role_name(caller.role));
    writer.key("address").string(services.objects.address(caller.address));
    writer.key("balance").raw(format_coin_units(state.account.balance));
    writer.end_object();
    responder.answer(std::move(reply));
}

}  // namespace cairn::routes
