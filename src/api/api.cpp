#include "api/api.hpp"

namespace cairn {
namespace {

constexpr std::string_view kBearer = "Bearer ";

http::Problem not_logged_in(bool had_token) {
    return {.status = 401,
            .detail = had_token
                          ? "This token is unknown or has expired: log in again (POST /login)."
                          : "Log in first: POST /login with {\"name\",\"password\"}, then send "
                            "`Authorization: Bearer TOKEN`."};
}

}  // namespace

std::optional<std::string> bearer_token(const http::RequestHead& head) {
    const auto& value = head.headers.authorization;
    if (!value || value->size() <= kBearer.size()) return std::nullopt;
    const std::string_view scheme = std::string_view{*value}.substr(0, kBearer.size());
    if (fold_case(scheme) != fold_case(kBearer)) return std::nullopt;
    return value->substr(kBearer.size());
}

const Caller* caller_of(const http::Request& request) {
    const auto* caller = static_cast<const RequestCaller*>(request.caller.get());
    return caller != nullptr ? caller->session.get() : nullptr;
}

Api::Api(Services& services) : services_{services}, router_{http::Router::of(api_routes())} {}

Result<http::Match, http::Problem> Api::lookup(const http::RequestHead& head) const {
    return router_.find(head);
}

Result<std::shared_ptr<const http::Caller>, http::Problem> Api::authorise(
    const http::RequestHead& head, const http::Client& /*client*/, const http::Match& match) {
    auto caller = std::make_shared<RequestCaller>();
    if (!services_.options.auth) {
        caller->session = services_.owner;
        return caller;
    }
    const auto token = bearer_token(head);
    if (token) {
        if (auto session = services_.sessions.find(*token, services_.now().steady)) {
            caller->session = std::make_shared<const Caller>(std::move(*session));
            caller->token = *token;
            caller->known = true;
        }
    }
    const Role needed = match.spec->who;
    if (needed == Role::anyone) return caller;
    if (!caller->session) return fail(not_logged_in(token.has_value()));
    if (caller->session->role < needed)
        return fail(http::Problem{.status = 403,
                                  .detail = "This needs the role " +
                                            std::string{role_name(needed)} + "; " +
                                            caller->session->name.shown() + " is a " +
                                            std::string{role_name(caller->session->role)} + "."});
    return caller;
}

void Api::handle(http::Request request, std::stop_token stop, http::Responder responder) {
    const auto& run = api_routes()[request.route].run;
    if (const auto* read = std::get_if<Read>(&run)) {
        const ViewPtr view = services_.gate.view();
        responder.answer((*read)(Reading{services_, *view, view, request}));
        return;
    }
    std::get<Work>(run)(services_, std::move(request), std::move(stop), std::move(responder));
}

void Api::take(http::Request request, std::unique_ptr<http::TakenSocket> socket) {
    if (services_.peers) services_.peers(request, std::move(socket));
}

}  // namespace cairn
