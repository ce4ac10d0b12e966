#pragma once

#include "api/route.hpp"

/// How the node is.
namespace cairn::routes {

http::Answer index(const Reading& reading);
http::Answer status(const Reading& reading);
http::Answer healthz(const Reading& reading);
http::Answer readyz(const Reading& reading);

}  // namespace cairn::routes
