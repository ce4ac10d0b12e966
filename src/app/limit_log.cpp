#include "app/limit_log.hpp"

#include "app/log.hpp"

namespace cairn {

void LimitLog::met(std::string_view what, Tick now) {
    {
        const std::lock_guard lock{mutex_};
        const auto known = limits_.find(what);
        if (known != limits_.end()) {
            ++known->second.unsaid;
            return;
        }
        limits_.emplace(what, Limit{now, 0});
    }
    say(what, 1);
}

void LimitLog::tick(Tick now) {
    const std::lock_guard lock{mutex_};
    for (auto next = limits_.begin(); next != limits_.end();) {
        const auto one = next++;
        if (now < one->second.said + kEveryMs) continue;
        if (one->second.unsaid > 0) {
            say(one->first, one->second.unsaid);
            one->second = {now, 0};
        } else {
            limits_.erase(one);
        }
    }
}

void LimitLog::say(std::string_view what, std::uint64_t times) {
    log::warn("limit met", {{"limit", what}, {"times", times}});
}

}  // namespace cairn
