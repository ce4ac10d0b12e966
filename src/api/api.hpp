#pragma once

#include "api/http/handler.hpp"
#include "api/route.hpp"

namespace cairn {

/// The interface behind the engine: finds the route, asks who calls, runs it. Any thread.
class Api final : public http::Handler {
public:
    explicit Api(Services& services);

    [[nodiscard]] Result<http::Match, http::Problem> lookup(
        const http::RequestHead& head) const override;
    /// Errors: 401 no or expired token where one is needed, 403 not allowed.
    [[nodiscard]] Result<std::shared_ptr<const http::Caller>, http::Problem> authorise(
        const http::RequestHead& head, const http::Client& client,
        const http::Match& match) override;
    void handle(http::Request request, std::stop_token stop, http::Responder responder) override;
    void take(http::Request request, std::unique_ptr<http::TakenSocket> socket) override;

private:
    Services& services_;
    http::Router router_;
};

}  // namespace cairn
