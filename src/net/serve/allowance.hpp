#pragma once

#include <algorithm>
#include <cstdint>

#include "core/primitives/time.hpp"

namespace cairn::net {

/// So much work a second for a whole class of peers, in millionths of a second of a core. Each has
/// an even part of it; together they never get more, however often they come and go.
class Share {
public:
    Share(std::uint64_t rate, Tick now) : rate_{rate}, credit_{full()}, at_{now} {}

    void join() { ++members_; }
    void leave() { --members_; }
    /// What one may do a second.
    [[nodiscard]] std::uint64_t each() const {
        return rate_ / std::max<std::uint64_t>(members_, 1);
    }
    [[nodiscard]] bool has_credit(Tick now) {
        refill(now, rate_, credit_, at_);
        return credit_ > 0;
    }
    void spend(std::uint64_t cost) { credit_ -= static_cast<std::int64_t>(cost); }

    /// At most what a second brings is saved up, as it is now; what was spent beforehand is paid
    /// off first.
    static void refill(Tick now, std::uint64_t rate, std::int64_t& credit, Tick& at) {
        if (now <= at) return;
        const Tick passed = std::min<Tick>(now - at, 3'600'000);
        at = now;
        const auto most = static_cast<std::int64_t>(rate);
        const auto gained = static_cast<std::int64_t>(passed * rate / 1'000);
        credit = std::min(most, credit + gained);
    }

private:
    [[nodiscard]] std::int64_t full() const { return static_cast<std::int64_t>(rate_); }

    std::uint64_t rate_;
    std::uint64_t members_ = 0;
    std::int64_t credit_;
    Tick at_;
};

/// What one peer may cost us of a share. Whoever has credit may begin something, whatever it costs,
/// and waits until that is paid off. A second's worth is there from the start.
class Allowance {
public:
    Allowance(Share& share, Tick now) : share_{&share}, at_{now} {
        share_->join();
        credit_ = static_cast<std::int64_t>(share_->each());
    }
    Allowance(const Allowance&) = delete;
    Allowance& operator=(const Allowance&) = delete;
    ~Allowance() { share_->leave(); }

    /// Takes part in another share from now on.
    void move_to(Share& share) {
        share_->leave();
        share_ = &share;
        share_->join();
    }
    [[nodiscard]] bool has_credit(Tick now) {
        Share::refill(now, share_->each(), credit_, at_);
        return credit_ > 0 && share_->has_credit(now);
    }
    void spend(std::uint64_t cost) {
        credit_ -= static_cast<std::int64_t>(cost);
        share_->spend(cost);
    }

private:
    Share* share_;
    std::int64_t credit_ = 0;
    Tick at_;
};

}  // namespace cairn::net
