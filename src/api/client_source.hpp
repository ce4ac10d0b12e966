#pragma once

#include "api/http/request.hpp"
#include "api/session/source.hpp"

namespace cairn {

/// Where a client comes from, as far as delays tell sources apart.
[[nodiscard]] Source source_of(const http::Client& client);

}  // namespace cairn
