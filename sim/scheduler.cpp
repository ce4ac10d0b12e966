#include "sim/scheduler.hpp"

#include <algorithm>

namespace cairn::sim {

void Scheduler::at(Micros when, What what) {
    planned_.emplace(std::pair{std::max(when, now_), next_serial_++}, std::move(what));
}

bool Scheduler::run_one(Micros until) {
    if (planned_.empty() || planned_.begin()->first.first > until) return false;
    const auto next = planned_.extract(planned_.begin());
    now_ = next.key().first;
    ++happened_;
    next.mapped()();
    return true;
}

void Scheduler::run_until(Micros until) {
    while (run_one(until)) {
    }
    now_ = std::max(now_, until);
}

}  // namespace cairn::sim
