#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace cairn::sim {

/// Virtual time since the world began, in microseconds: finer than a `Tick`, so that the work of a
/// node can be given a length.
using Micros = std::uint64_t;
inline constexpr Micros kMillisecond = 1'000;
inline constexpr Micros kSecond = 1'000'000;

/// What is to happen, in order of time; at one instant, in the order in which it was planned.
class Scheduler {
public:
    using What = std::function<void()>;

    [[nodiscard]] Micros now() const { return now_; }
    void at(Micros when, What what);
    void after(Micros delay, What what) { at(now_ + delay, std::move(what)); }
    /// Lets everything happen up to `until`, which becomes the present.
    void run_until(Micros until);
    /// The next one only; false if nothing is planned up to `until`.
    bool run_one(Micros until);
    /// Nothing that is planned happens any more.
    void clear() { planned_.clear(); }
    [[nodiscard]] std::uint64_t happened() const { return happened_; }

private:
    Micros now_ = 0;
    std::uint64_t next_serial_ = 0;
    std::uint64_t happened_ = 0;
    std::map<std::pair<Micros, std::uint64_t>, What> planned_;
};

}  // namespace cairn::sim
