#pragma once

#include <array>
#include <cstdint>

namespace cairn::sim {

/// All choices of a simulated world: xoshiro256** (Blackman and Vigna), seeded by splitmix64.
///
/// Integers only, and nothing of <random>: the standard's distributions differ between libraries
/// and `log` between CPUs, and one seed has to mean one history everywhere.
class Random {
public:
    explicit Random(std::uint64_t seed);

    std::uint64_t next();
    /// Below `bound`, which is above 0; every value is equally likely.
    std::uint64_t below(std::uint64_t bound);
    /// From `low` to `high`, both included.
    std::uint64_t between(std::uint64_t low, std::uint64_t high);
    /// True once in `odds` times.
    bool once_in(std::uint64_t odds) { return below(odds) == 0; }
    /// A wait of a clock without memory: -ln(u) * `mean`, to about one part in 65,536. `mean` is
    /// below 2^40.
    std::uint64_t exponential(std::uint64_t mean);
    /// A generator of its own, so that what it is asked does not move this one.
    [[nodiscard]] Random fork() { return Random{next()}; }

private:
    std::array<std::uint64_t, 4> state_{};
};

/// -log2(u / 2^64) as a fixed-point number with 16 binary places; `u` is above 0.
[[nodiscard]] std::uint64_t minus_log2(std::uint64_t u);

}  // namespace cairn::sim
