#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "core/primitives/time.hpp"

namespace cairn {

/// Says in the log that a limit is met: at once, then once a minute while it goes on, with the
/// number of times since. Each limit by itself. Any thread.
class LimitLog {
public:
    static constexpr Tick kEveryMs = 60'000;

    void met(std::string_view what, Tick now);
    /// What was counted since the last line, once its minute is over.
    void tick(Tick now);

private:
    struct Limit {
        Tick said = 0;
        std::uint64_t unsaid = 0;
    };
    static void say(std::string_view what, std::uint64_t times);

    std::mutex mutex_;  // guards what follows
    std::map<std::string, Limit, std::less<>> limits_;
};

}  // namespace cairn
