#pragma once

#include "api/route.hpp"

/// What the registered nodes have, side by side.
namespace cairn::routes {

void get_blocks(Services& services, http::Request request, std::stop_token stop,
                http::Responder responder);

}  // namespace cairn::routes
