#pragma once

#include "api/route.hpp"

/// Transfers into the pool.
namespace cairn::routes {

void new_transaction(Services& services, http::Request request, std::stop_token stop,
                     http::Responder responder);
void transaction_batch(Services& services, http::Request request, std::stop_token stop,
                       http::Responder responder);

}  // namespace cairn::routes
