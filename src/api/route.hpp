#pragma once

#include <span>
#include <stop_token>
#include <variant>

#include "api/http/answer.hpp"
#include "api/http/request.hpp"
#include "api/http/responder.hpp"
#include "api/http/router.hpp"
#include "api/services.hpp"

namespace cairn {

/// Who makes a request, as the engine carries it from the authorisation to the route.
struct RequestCaller final : http::Caller {
    std::shared_ptr<const cairn::Caller> session;  // null: nobody is logged in
    std::string token;                             // the bearer's, for log-out
};

/// One request to a route that only reads: everything comes from one view.
struct Reading {
    const Services& services;
    const View& view;
    const ViewPtr& view_ptr;  // the same, to be held by a stream
    const http::Request& request;

    /// The value of the pattern's parameter number `i`.
    [[nodiscard]] const std::string& parameter(std::size_t i) const {
        return request.parameters[i];
    }
};

using Read = http::Answer (*)(const Reading&);
/// Answers once, now or later, from any thread. Called on an I/O thread: must not block.
using Work = void (*)(Services&, http::Request, std::stop_token, http::Responder);
using ApiRoute = http::Route<std::variant<Read, Work>>;

/// Every route of the node, in the order in which they are described.
[[nodiscard]] std::span<const ApiRoute> api_routes();

/// The token of `Authorization: Bearer TOKEN`; nothing of any other scheme.
[[nodiscard]] std::optional<std::string> bearer_token(const http::RequestHead& head);
/// The session behind a request, or null.
[[nodiscard]] const Caller* caller_of(const http::Request& request);

}  // namespace cairn
