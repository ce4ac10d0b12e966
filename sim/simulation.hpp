#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/primitives/digest.hpp"
#include "sim/plan.hpp"

namespace cairn::sim {

/// How one world went.
struct Outcome {
    std::uint64_t seed = 0;
    std::optional<std::string> failure;  // what was wrong first
    Hash256 history;                     // of all events, in order
    std::uint64_t events = 0;
    std::uint64_t blocks = 0;     // found
    std::uint64_t height = 0;     // of the one tip at the end
    std::uint64_t abandoned = 0;  // blocks that left a best chain, over all nodes
    std::size_t deepest = 0;      // reorganisation
    std::uint64_t transfers = 0;  // acknowledged
    std::uint64_t faults = 0;
    Micros equal_after = 0;    // from the heal until all tips had the same work
    Micros one_tip_after = 0;  // from the block after that until there was one tip
    Micros one_pool_after = 0;
    std::uint64_t conflicts = 0;  // blocks that it took to decide between transfers of one nonce
};

/// Told every event in words, with its time.
using Listener = std::function<void(Micros, const std::string&)>;

/// Plays one world: nodes that register with some of the others, blocks, transfers and faults for
/// as long as the plan lasts; then everything heals, one more block is found, and one tip, equal
/// accounts, equal pools and every acknowledged transfer must be there. One seed, one history.
[[nodiscard]] Outcome simulate(const Plan& plan, std::uint64_t seed, const Listener& listener = {});

/// One line for people.
[[nodiscard]] std::string to_string(const Outcome& outcome);

}  // namespace cairn::sim
