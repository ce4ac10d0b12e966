#pragma once

#include "api/route.hpp"

/// New blocks, and the way back to none.
namespace cairn::routes {

void mine(Services& services, http::Request request, std::stop_token stop,
          http::Responder responder);
void restart(Services& services, http::Request request, std::stop_token stop,
             http::Responder responder);

}  // namespace cairn::routes
