#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <string>

#include "api/http/answer.hpp"
#include "api/http/problem.hpp"
#include "api/http/request.hpp"
#include "api/http/responder.hpp"
#include "api/http/router.hpp"
#include "core/base/result.hpp"

namespace cairn::http {

/// A socket given away, with all that was read from it: the upgrade's head first, whole. Which
/// socket it is, its own type tells (tcp.hpp).
struct TakenSocket {
    virtual ~TakenSocket() = default;
    std::string read;
};

/// What is told of a request once it is answered. Holds no header, query or body.
struct Answered {
    Method method = Method::get;
    std::string path;
    std::string client;
    unsigned status = 0;
    std::chrono::microseconds took{0};
};

/// What stands behind the engine. Every function is called on an I/O thread, from several at once,
/// and none may block there.
class Handler {
public:
    virtual ~Handler() = default;
    /// The route of a head: 404, 405.
    [[nodiscard]] virtual Result<Match, Problem> lookup(const RequestHead& head) const = 0;
    /// May this be called, by whom? Asked before a byte of the body is read: 401, 403, 429.
    [[nodiscard]] virtual Result<std::shared_ptr<const Caller>, Problem> authorise(
        const RequestHead& head, const Client& client, const Match& match) = 0;
    /// Answers, now or later. The token fires when the client has left, the route's deadline has
    /// passed or the server stops; what comes then is still sent if it can be.
    virtual void handle(Request request, std::stop_token stop, Responder responder) = 0;
    /// A WebSocket upgrade of a route with `peer_socket`. Dropping the socket closes it.
    virtual void take(Request /*request*/, std::unique_ptr<TakenSocket> /*socket*/) {}
    virtual void answered(const Answered& /*what*/) {}
};

}  // namespace cairn::http
