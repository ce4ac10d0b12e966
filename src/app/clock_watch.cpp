#include "app/clock_watch.hpp"

#include "api/chain_clock.hpp"
#include "app/log.hpp"

namespace cairn {

void ClockWatch::look(const View& view, UnixSeconds now) {
    const Staged rows{view.store};
    const auto behind = clock_behind(rows, view, now);
    if (behind.has_value() == told_) return;
    told_ = behind.has_value();
    if (behind)
        log::warn("the clock is behind the chain", {{"detail", behind->to_string()}});
    else
        log::info("the clock is no longer behind the chain");
}

}  // namespace cairn
