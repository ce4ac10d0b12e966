#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "app/limit_log.hpp"

namespace cairn {

/// Bounds what the log says of something that strangers can cause as often as they like: so many
/// lines at once, then one in a while. What is left out is counted and told as a limit that was
/// met. Any thread.
class LineBudget {
public:
    static constexpr std::int64_t kAtOnce = 200;
    static constexpr std::int64_t kEveryMs = 500;

    /// `event`: the word with which those lines begin.
    LineBudget(std::string_view event, LimitLog& limits)
        : what_{std::string{event} + ": lines in the log"}, limits_{limits} {}

    /// Whether the line may be written. `now`: steady time.
    [[nodiscard]] bool take(Tick now) {
        {
            const std::lock_guard lock{mutex_};
            const auto at = static_cast<std::int64_t>(now);
            paid_until_ = std::max(paid_until_, at - kAtOnce * kEveryMs);
            if (paid_until_ + kEveryMs <= at) {
                paid_until_ += kEveryMs;
                return true;
            }
        }
        limits_.met(what_, now);
        return false;
    }

private:
    const std::string what_;
    LimitLog& limits_;
    std::mutex mutex_;
    // Guarded by mutex_: behind the clock by what the lines that may still be written cost.
    std::int64_t paid_until_ = -kAtOnce * kEveryMs;
};

}  // namespace cairn
