#include "app/clock.hpp"

#include <algorithm>
#include <chrono>

namespace cairn {

Now read_clocks() {
    using std::chrono::duration_cast;
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    const auto wall =
        duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
    const auto clamped = std::clamp<std::int64_t>(wall.count(), 0, UINT32_MAX);
    return {static_cast<Tick>(duration_cast<std::chrono::milliseconds>(steady).count()),
            static_cast<UnixSeconds>(clamped)};
}

}  // namespace cairn
