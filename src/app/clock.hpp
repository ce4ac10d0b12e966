#pragma once

#include "core/primitives/time.hpp"

namespace cairn {

/// Both clocks of this machine, read now.
[[nodiscard]] Now read_clocks();

/// CPU that the calling thread has used so far, in nanoseconds.
[[nodiscard]] std::uint64_t thread_cpu_ns();

}  // namespace cairn
