#pragma once

#include <cstddef>

#include "core/primitives/time.hpp"

namespace cairn {

/// Bytes of memory that this process has now; 0 if the system does not tell.
[[nodiscard]] std::size_t resident_bytes();

/// Gives back to the system what was freed and still counts, when the process comes near its limit:
/// between blocks of different sizes the allocator keeps pages that nobody uses.
class MemoryWatch {
public:
    static constexpr Tick kEveryMs = 10'000;

    explicit MemoryWatch(std::size_t limit) : limit_{limit} {}
    /// Called about every second.
    void tick(Tick now);

private:
    const std::size_t limit_;
    Tick next_ = 0;
};

}  // namespace cairn
