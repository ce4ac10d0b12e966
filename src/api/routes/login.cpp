#include "api/routes/login.hpp"

#include <algorithm>

#include "api/client_source.hpp"
#include "api/parse.hpp"
#include "wallet/password.hpp"

namespace cairn::routes {
namespace {

constexpr std::size_t kLoginNameMax = 65;  // one more than a user's name may have

http::Problem refused(const LoginRefusal& refusal) {
    const auto seconds = static_cast<unsigned>((refusal.retry_after_ms + 999) / 1000);
    http::Problem problem;
    switch (refusal.error) {
        case LoginError::wrong:
            problem = {.status = 401, .detail = "Name or password is wrong."};
            return problem;
        case LoginError::slow_down:
            problem = {.status = 429,
                       .detail =
                           "Many clients try to log in as this user, and the node hears one of "
                           "them each second: try again. A client that sends the token of an "
                           "earlier log-in (`Authorization: Bearer TOKEN`) waits for nobody "
                           "else."};
            break;
        case LoginError::busy:
            problem = {.status = 429, .detail = "Others are logging in: try again in a second."};
            break;
        case LoginError::too_many:
            problem = {.status = 503,
                       .detail = "No further log-in fits into this node: try again later."};
            break;
        case LoginError::stopping:
            problem = {.status = 503, .detail = "The node is stopping."};
            break;
    }
    problem.retry_after = std::max(1U, seconds);
    return problem;
}

http::Answer welcome(const Services& services, const LoggedIn& in) {
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("token").string(in.session.token.reveal());
    writer.key("expires_at").number(in.session.expires_at);
    writer.key("name").string(in.caller.name.shown());
    writer.key("role").string(role_name(in.caller.role));
    writer.key("address").string(services.objects.address(in.caller.address));
    writer.end_object();
    return reply;
}

}  // namespace

void login(Services& services, http::Request request, std::stop_token stop,
           http::Responder responder) {
    if (!request.client.loopback && !request.client.secure && !services.options.plain_login)
        return responder.answer(http::Problem{
            .status = 403,
            .detail =
                "Logging in over plain HTTP from another machine is refused, for the password "
                "could be read on the way: log in on the node's own machine, or start the node "
                "with --plain-login on a network you trust."});
    const auto value = parse_body(request);
    if (!value) return responder.answer(value.error());
    const auto fields = json::Fields::of(*value);
    if (!fields) return responder.answer(http::problem_of(fields.error()));
    auto name = fields->string("name");
    if (!name) return responder.answer(http::problem_of(name.error()));
    const auto password = fields->string("password");
    if (!password) return responder.answer(http::problem_of(password.error()));

    // What is longer than any name or password is neither, and need not be kept whole to be wrong.
    LoginTry attempt{.name = name->substr(0, kLoginNameMax),
                     .password = SecretText{password->substr(0, kPasswordMaxBytes + 1)},
                     .source = source_of(request.client),
                     .token = bearer_token(request.head)};
    auto held = std::make_shared<http::Responder>(std::move(responder));
    services.logins.log_in(
        std::move(attempt), std::move(stop),
        [&services, held](const Result<LoggedIn, LoginRefusal>& in) {
            held->answer(in ? welcome(services, *in) : http::Answer{refused(in.error())});
        });
}

void logout(Services& services, http::Request request, std::stop_token /*stop*/,
            http::Responder responder) {
    const auto& caller = static_cast<const RequestCaller&>(*request.caller);
    http::Reply reply;
    json::Writer writer{reply.body};
    writer.begin_object().key("message");
    if (!services.options.auth) {
        writer.string("This node asks for no log-in (--auth off): there is no session to end.");
    } else {
        services.sessions.close(caller.token, services.now().steady);
        writer.string("Logged out: " + caller.session->name.shown());
    }
    writer.end_object();
    responder.answer(std::move(reply));
}

}  // namespace cairn::routes
