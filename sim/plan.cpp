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
    if (name == "calm") plan.skew = 0;
    return plan;
}

}  // namespace cairn::sim
