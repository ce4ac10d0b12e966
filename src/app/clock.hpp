#pragma once

#include "core/primitives/time.hpp"

namespace cairn {

/// Both clocks of this machine, read now.
[[nodiscard]] Now read_clocks();

}  // namespace cairn
