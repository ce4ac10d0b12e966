#include "sim/random.hpp"

#include <bit>
#include <limits>

#include "core/base/ensure.hpp"

namespace cairn::sim {
namespace {

constexpr int kPlaces = 16;
constexpr std::uint64_t kLn2 = 45'426;  // ln 2 with 16 binary places

std::uint64_t splitmix(std::uint64_t& state) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

}  // namespace

Random::Random(std::uint64_t seed) {
    for (auto& word : state_) word = splitmix(seed);
}

std::uint64_t Random::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    ENSURE(bound > 0);
    // The values beyond the last whole multiple of `bound` would favour small results.
    const std::uint64_t tail = (std::numeric_limits<std::uint64_t>::max() % bound + 1) % bound;
    std::uint64_t value = next();
    while (value > std::numeric_limits<std::uint64_t>::max() - tail) value = next();
    return value % bound;
}

std::uint64_t Random::between(std::uint64_t low, std::uint64_t high) {
    ENSURE(low <= high);
    return low + below(high - low + 1);
}

std::uint64_t Random::exponential(std::uint64_t mean) {
    const std::uint64_t e = (minus_log2(next() | 1) * kLn2) >> kPlaces;
    return (mean * e) >> kPlaces;
}

std::uint64_t minus_log2(std::uint64_t u) {
    ENSURE(u > 0);
    const auto zeros = static_cast<std::uint64_t>(std::countl_zero(u));
    // The leading bits as 1.x with 31 places; squaring doubles the logarithm and so hands out one
    // of its binary places at a time.
    std::uint64_t x = (u << zeros) >> 32;
    std::uint64_t fraction = 0;
    for (int i = 0; i < kPlaces; ++i) {
        x = (x * x) >> 31;
        fraction <<= 1;
        if ((x >> 32) != 0) {
            fraction |= 1;
            x >>= 1;
        }
    }
    return ((zeros + 1) << kPlaces) - fraction;
}

}  // namespace cairn::sim
