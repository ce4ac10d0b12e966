#pragma once

#include "api/route.hpp"

/// Accounts and what happened to them.
namespace cairn::routes {

http::Answer account(const Reading& reading);
http::Answer account_transactions(const Reading& reading);

}  // namespace cairn::routes
