#pragma once

#include <time.h>

#include <cstdint>

namespace cairn {

/// CPU that this thread has used, in nanoseconds: what it waited for does not count.
[[nodiscard]] inline std::uint64_t thread_cpu_ns() {
    timespec at{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return static_cast<std::uint64_t>(at.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(at.tv_nsec);
}

}  // namespace cairn
