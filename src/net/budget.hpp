#pragma once

#include <algorithm>
#include <cstdint>

#include "core/primitives/time.hpp"

namespace cairn::net {

/// So much a second, and so much at once after a rest. Integers only: thousandths inside.
class TokenBucket {
public:
    /// `rate` in thousandths of a token a second; begins full.
    constexpr TokenBucket(std::uint64_t rate, std::uint64_t burst, Tick now)
        : rate_{rate}, burst_{burst * 1'000'000}, tokens_{burst_}, at_{now} {}

    /// False: there are not that many, and none is taken.
    [[nodiscard]] bool take(std::uint64_t count, Tick now) {
        if (now > at_) {
            // A clamp first: a rest of days must not overflow.
            const Tick rest = std::min<Tick>(now - at_, burst_ / rate_ + 1);
            tokens_ = std::min(burst_, tokens_ + rest * rate_);
            at_ = now;
        }
        if (count > burst_ / 1'000'000 || count * 1'000'000 > tokens_) return false;
        tokens_ -= count * 1'000'000;
        return true;
    }

private:
    std::uint64_t rate_;   // millionths of a token a millisecond
    std::uint64_t burst_;  // millionths
    std::uint64_t tokens_;
    Tick at_;
};

}  // namespace cairn::net
