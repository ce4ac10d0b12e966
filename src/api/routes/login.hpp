#pragma once

#include "api/route.hpp"

/// Sessions begin and end.
namespace cairn::routes {

void login(Services& services, http::Request request, std::stop_token stop,
           http::Responder responder);
void logout(Services& services, http::Request request, std::stop_token stop,
            http::Responder responder);

}  // namespace cairn::routes
