#include "core/consensus/clock_check.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace cairn {

std::string utc_text(UnixSeconds time) {
    using namespace std::chrono;
    const sys_seconds at{seconds{time}};
    const auto day = floor<days>(at);
    const year_month_day date{day};
    const hh_mm_ss clock{at - day};
    std::array<char, 48> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d UTC",
        static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
        static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
        static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string ClockBehind::to_string() const {
    return "This node's clock, at " + utc_text(now) +
           ", is behind its chain: the next block must be at " + utc_text(median_time) +
           " or later, the median time of the last ones, and may be at most " +
           std::to_string(limit) +
           " s ahead of the clock. Set the clock if it is wrong; if it is "
           "right, no block can be mined or taken from others before " +
           utc_text(until) + ".";
}

std::optional<ClockBehind> clock_behind(UnixSeconds median_time, UnixSeconds now,
                                        const ChainSpec& spec) {
    const std::uint32_t limit = spec.future_limit;
    if (limit == 0 || median_time <= limit || now >= median_time - limit) return std::nullopt;
    return ClockBehind{now, median_time, limit, median_time - limit};
}

}  // namespace cairn
