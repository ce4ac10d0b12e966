#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::net {

/// What is chosen at random among peers: the same seed, the same choices on every machine. No
/// secret. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators"
/// (splitmix64).
class Random {
public:
    explicit Random(std::uint64_t seed) : state_{seed} {}
    std::uint64_t next() {
        std::uint64_t value = state_ += 0x9e3779b97f4a7c15;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
        value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
        return value ^ (value >> 31);
    }
    /// Below `bound`, which is not zero.
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

private:
    std::uint64_t state_;
};

}  // namespace cairn::net
