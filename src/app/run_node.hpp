#pragma once

#include "app/settings.hpp"

namespace cairn {

/// `cairn node`: puts everything together, serves until SIGINT or SIGTERM, and takes it apart
/// again. The process's exit status; what went wrong is said in one sentence on standard error.
[[nodiscard]] int run_node(const NodeSettings& settings);

}  // namespace cairn
