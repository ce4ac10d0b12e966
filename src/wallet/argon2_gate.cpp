#include "wallet/argon2_gate.hpp"

#include <utility>

namespace cairn {

Argon2Gate::Pass::Pass(Pass&& other) noexcept : gate_{std::exchange(other.gate_, nullptr)} {}

Argon2Gate::Pass::~Pass() {
    if (gate_ != nullptr) gate_->leave();
}

std::optional<Argon2Gate::Pass> Argon2Gate::enter() {
    std::unique_lock lock{mutex_};
    if (free_ == 0) {
        if (waiting_ == waiting_max_) return std::nullopt;
        ++waiting_;
        turn_.wait(lock, [this] { return free_ > 0; });
        --waiting_;
    }
    --free_;
    return Pass{*this};
}

void Argon2Gate::leave() {
    {
        const std::lock_guard lock{mutex_};
        ++free_;
    }
    turn_.notify_one();
}

}  // namespace cairn
