#include "sim/plan.hpp"

#include <algorithm>

namespace cairn::sim {

std::optional<Plan> plan_of(std::string_view name) {
    if (std::find(kPlans.begin(), kPlans.end(), name) == kPlans.end()) return std::nullopt;
    Plan plan;
    if (name == "all") return plan;
    if (name != "cuts") plan.cut_every = plan.break_every = 0;
    if (name != "crashes") plan.crash_every = 0;
    if (name != "disks") plan.disk_fault_every = 0;
    if (name != "slow") plan.slow_every = 0;
    if (name != "joins") plan.joins = 0;
    if (name != "joins" && name != "slow") plan.burst_every = 0;
    if (name == "calm") plan.skew = 0;
    if (name == "joins") {
        plan.joins = 3;
        plan.burst_every = 15 * kSecond;
    }
    if (name == "deep") {
        plan.nodes = 4;
        plan.split_every = 40 * kSecond;
        // What is a long switch to a node is one of 20,000 rows; here so few are.
        plan.ledger = {16 * 1024, 40};
    }
    return plan;
}

}  // namespace cairn::sim
