#pragma once

#include <cstdint>

namespace cairn {

/// Seconds since 1970 as a header holds them (u32: until 2106).
using UnixSeconds = std::uint32_t;
/// Milliseconds of a steady clock: time-outs only.
using Tick = std::uint64_t;
/// Genesis is 1. JSON calls it `index`.
using Height = std::uint64_t;

/// Both clocks of one moment, handed in by whoever drives the machine.
struct Now {
    Tick steady = 0;
    UnixSeconds wall = 0;
};

}  // namespace cairn
