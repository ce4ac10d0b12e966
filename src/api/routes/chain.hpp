#pragma once

#include "api/route.hpp"

/// The best chain and its blocks.
namespace cairn::routes {

http::Answer chain(const Reading& reading);
http::Answer blocks(const Reading& reading);
http::Answer block(const Reading& reading);

}  // namespace cairn::routes
