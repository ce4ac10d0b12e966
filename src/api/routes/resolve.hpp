#pragma once

#include "api/route.hpp"

/// Which chain is the one: every registered node is asked.
namespace cairn::routes {

void resolve(Services& services, http::Request request, std::stop_token stop,
             http::Responder responder);

}  // namespace cairn::routes
