#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace cairn::http {

/// Whether an answer is taken as fast as it must be: so many bytes a second, and behind that by
/// `slack` at most. What the kernel's buffers took at once does not count for later: nobody can
/// save up more than the slack.
class AnswerPace {
public:
    using Clock = std::chrono::steady_clock;

    /// A new answer begins.
    void begin(Clock::duration slack) {
        left_ = slack;
        busy_ = {};
    }
    /// Bytes wait from now on.
    void wait_from(Clock::time_point at) { mark_ = at; }
    void taken(Clock::time_point at, std::size_t bytes, std::size_t rate, Clock::duration slack) {
        const auto earned = std::chrono::milliseconds{bytes * 1000 / rate};
        busy_ += at - mark_;
        left_ = std::min<Clock::duration>(slack, left_ - (at - mark_) + earned);
        mark_ = at;
    }
    /// While bytes wait. `slack`: of now, which is less where memory is short.
    [[nodiscard]] bool is_too_slow(Clock::time_point at, Clock::duration slack,
                                   Clock::duration longest) const {
        const auto waited = at - mark_;
        return waited > std::min(left_, slack) || busy_ + waited > longest;
    }

private:
    Clock::time_point mark_;
    Clock::duration left_{};
    Clock::duration busy_{};  // time spent on being written
};

}  // namespace cairn::http
