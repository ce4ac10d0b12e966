#pragma once

#include "api/route.hpp"

/// One transaction: where it stands, and the proof of it.
namespace cairn::routes {

http::Answer transaction(const Reading& reading);
http::Answer proof(const Reading& reading);

}  // namespace cairn::routes
