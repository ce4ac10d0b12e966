#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "app/limit_log.hpp"
#include "net/budget.hpp"

namespace cairn {

/// Bounds what the log says of something that strangers can cause as often as they like: so many
/// lines at once, then one in a while. What is left out is counted and told as a limit that was
/// met. Any thread.
class LineBudget {
public:
    /// All of them may be written in one step of the node's thread.
    static constexpr std::uint64_t kAtOnce = 20;
    static constexpr Tick kEveryMs = 500;

    /// `event`: the word with which those lines begin.
    LineBudget(std::string_view event, LimitLog& limits)
        : what_{std::string{event} + ": lines in the log"}, limits_{limits} {}

    /// Whether the line may be written. `now`: steady time.
    [[nodiscard]] bool take(Tick now) {
        {
            const std::lock_guard lock{mutex_};
            if (lines_.take(1, now)) return true;
        }
        limits_.met(what_, now);
        return false;
    }

private:
    const std::string what_;
    LimitLog& limits_;
    std::mutex mutex_;
    net::TokenBucket lines_{1'000'000 / kEveryMs, kAtOnce, 0};  // guarded by mutex_
};

}  // namespace cairn
