#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace cairn {

/// Fee per byte as the fraction it is; compared without rounding.
struct FeeRate {
    std::uint64_t fee = 0;   // base units
    std::uint64_t size = 1;  // bytes, not 0

    friend std::strong_ordering operator<=>(const FeeRate& a, const FeeRate& b) {
        __extension__ using Wide = unsigned __int128;
        return Wide{a.fee} * b.size <=> Wide{b.fee} * a.size;
    }
    friend bool operator==(const FeeRate& a, const FeeRate& b) { return (a <=> b) == 0; }
};

/// Base units per 1,000 bytes: how a floor is set and shown.
inline constexpr std::uint64_t kRateBytes = 1000;

}  // namespace cairn
