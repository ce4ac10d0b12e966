#pragma once

#include "api/route.hpp"

/// What waits, and what this node has.
namespace cairn::routes {

http::Answer pool(const Reading& reading);
http::Answer inv(const Reading& reading);

}  // namespace cairn::routes
