#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "sim/scheduler.hpp"

namespace cairn::sim {

/// What happens to a world, on average; a mean of 0 means never.
struct Plan {
    std::size_t nodes = 8;
    std::size_t senders = 12;
    Micros lasts = 180 * kSecond;  // until everything is healed
    Micros block_every = 4 * kSecond;
    Micros transfer_every = kSecond;
    Micros cut_every = 60 * kSecond, cut_lasts = 25 * kSecond;
    Micros break_every = 20 * kSecond;  // of a single connection
    Micros crash_every = 45 * kSecond, down_for = 8 * kSecond;
    Micros disk_fault_every = 60 * kSecond;
    Micros slow_every = 45 * kSecond;  // a link or a disk becomes slow
    std::int64_t skew = 60;            // seconds a clock is wrong at most
};

/// "all" and what is part of it: "calm", "cuts", "crashes", "disks", "slow".
inline constexpr std::array<std::string_view, 6> kPlans = {"all",     "calm",  "cuts",
                                                           "crashes", "disks", "slow"};
[[nodiscard]] std::optional<Plan> plan_of(std::string_view name);

}  // namespace cairn::sim
