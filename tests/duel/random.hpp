#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace duel {

/// The number an environment variable holds, or `otherwise`.
inline std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// All choices of a run come from one seed.
class Random {
public:
    explicit Random(std::uint64_t seed) : engine_{seed} {}

    /// Below `bound`, which is above 0.
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    /// From `low` to `high`, both included.
    std::uint64_t between(std::uint64_t low, std::uint64_t high) {
        return low + below(high - low + 1);
    }
    /// True once in `odds` times.
    bool once_in(std::uint64_t odds) { return below(odds) == 0; }

private:
    std::mt19937_64 engine_;
};

}  // namespace duel
