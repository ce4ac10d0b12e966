#pragma once

#include "api/route.hpp"

/// A transfer into the pool.
namespace cairn::routes {

void new_transaction(Services& services, http::Request request, std::stop_token stop,
                     http::Responder responder);

}  // namespace cairn::routes
