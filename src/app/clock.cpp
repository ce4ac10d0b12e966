#include "app/clock.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>

namespace cairn {

Now read_clocks() {
    using std::chrono::duration_cast;
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall = duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const auto clamped = std::clamp<std::int64_t>(wall.count(), 0, UINT32_MAX);
    return {static_cast<Tick>(duration_cast<std::chrono::milliseconds>(steady).count()),
            static_cast<UnixSeconds>(clamped)};
}

std::uint64_t thread_cpu_ns() {
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(used.tv_nsec);
}

}  // namespace cairn
