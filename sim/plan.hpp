#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "ledger/ledger.hpp"
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
    Micros slow_every = 45 * kSecond;   // a link, a disk or a node's thread becomes slow
    std::size_t joins = 1;              // nodes that come when much has happened already
    Micros burst_every = 60 * kSecond;  // many transfers at once at one node
    std::size_t burst = 150;
    /// Two parts that do not hear of each other both grow, and then meet.
    Micros split_every = 0;
    std::size_t split_blocks = 150;  // of the shorter part
    Ledger::Limits ledger;           // of all nodes
    std::int64_t skew = 60;          // seconds a clock is wrong at most
};

/// "all" and what is part of it: "calm", "cuts", "crashes", "disks", "slow", "joins", and "deep":
/// switches of branches that are many slices and batches long.
inline constexpr std::array<std::string_view, 8> kPlans = {"all",   "calm", "cuts",  "crashes",
                                                           "disks", "slow", "joins", "deep"};
[[nodiscard]] std::optional<Plan> plan_of(std::string_view name);

}  // namespace cairn::sim
