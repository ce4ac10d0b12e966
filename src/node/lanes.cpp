#include "node/lanes.hpp"

#include <algorithm>

namespace cairn {

bool Lanes::post(Lane lane, std::unique_ptr<Command> command) {
    constexpr std::array<std::size_t, kLanes> kMost{kBlocksMax, kPeersMax, kTransfersMax};
    auto& waiting = of(lane);
    if (waiting.size() >= kMost[static_cast<std::size_t>(lane)]) return false;
    waiting.push_back(std::move(command));
    if (lane == Lane::peers) ++posted_;
    return true;
}

bool Lanes::empty() const {
    return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane.empty(); });
}

void Lanes::look_at_clock(Tick now) {
    if (taken_ == posted_) {
        heard_until_ = mark_time_ = now;
        mark_ = posted_;
    } else if (taken_ >= mark_) {
        heard_until_ = mark_time_;
        mark_time_ = now;
        mark_ = posted_;
    }
}

Group Lanes::take(Tick now) {
    look_at_clock(now);
    Group group{{}, heard_until_};
    auto& taken = group.commands;
    for (const Lane lane : {Lane::blocks, Lane::peers, Lane::transfers}) {
        auto& waiting = of(lane);
        const std::size_t most = lane == Lane::peers ? taken.size() + kPeersOfGroup : kGroupMax;
        while (!waiting.empty() && taken.size() < most) {
            if (waiting.front()->alone() && !taken.empty()) return group;
            taken.push_back({lane, std::move(waiting.front())});
            waiting.pop_front();
            if (lane == Lane::peers) ++taken_;
            if (taken.back().command->alone()) return group;
        }
    }
    return group;
}

void Lanes::give_back(std::vector<QueuedCommand> rest) {
    for (auto waiting = rest.rbegin(); waiting != rest.rend(); ++waiting) {
        of(waiting->lane).push_front(std::move(waiting->command));
        if (waiting->lane == Lane::peers) --taken_;
    }
}

}  // namespace cairn
