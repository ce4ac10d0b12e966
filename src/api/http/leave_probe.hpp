#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace cairn::http {

/// Tells a client that has ended its input and waits from one that has left. TCP shows both alike,
/// as the end of what it sends; keepalives do not tell them apart either, for the kernel of a
/// client that has closed acknowledges them for a minute. Only bytes do: they are taken, or
/// answered by a reset. So the answer is begun: whatever it will be, it starts with the same nine
/// bytes, and they are sent one by one, at growing intervals.
class LeaveProbe {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::string_view kText = "HTTP/1.1 ";
    static constexpr std::chrono::milliseconds kFirst{200};  // then twice as long each time

    /// The input of a request that is being handled has ended.
    void begin(Clock::time_point at) {
        wait_ = kFirst;
        due_ = at + wait_;
    }
    [[nodiscard]] bool is_due(Clock::time_point at) const {
        return wait_.count() > 0 && sent_ < kText.size() && at >= due_;
    }
    /// The next byte, which is sent now.
    [[nodiscard]] char take(Clock::time_point at) {
        wait_ *= 2;
        due_ = at + wait_;
        return kText[sent_++];
    }
    /// How much of the answer has been sent already; the next request's probe begins anew.
    [[nodiscard]] std::size_t end() {
        const std::size_t sent = sent_;
        *this = {};
        return sent;
    }

private:
    std::size_t sent_ = 0;
    std::chrono::milliseconds wait_{0};  // 0: nothing has ended
    Clock::time_point due_;
};

}  // namespace cairn::http
