#pragma once

#include <array>
#include <deque>
#include <memory>
#include <vector>

#include "node/gate.hpp"

namespace cairn {

/// A command that waits, or that a group holds.
struct QueuedCommand {
    Lane lane = Lane::transfers;
    std::unique_ptr<Command> command;
};

/// What is run before one durable write.
struct Group {
    std::vector<QueuedCommand> commands;
    /// All that peers sent before this moment had been run when the group was taken (steady time).
    Tick heard_until = 0;

    [[nodiscard]] bool empty() const { return commands.empty(); }
};

/// What waits for the node, and what of it makes the next group. Each lane is bounded on its own,
/// so that peers cannot keep our own blocks out, nor transfers the peers. Not for several threads:
/// whoever shares it holds a lock.
class Lanes {
public:
    static constexpr std::size_t kBlocksMax = 64;
    static constexpr std::size_t kPeersMax = 16'384;
    static constexpr std::size_t kTransfersMax = 8'192;
    static constexpr std::size_t kGroupMax = 1'024;    // commands a group
    static constexpr std::size_t kPeersOfGroup = 512;  // of them, so that transfers have a turn

    /// False: the lane is full; the command is gone.
    [[nodiscard]] bool post(Lane lane, std::unique_ptr<Command> command);
    [[nodiscard]] bool empty() const;
    /// The next group: our blocks, then what peers sent, then transfers. `now`: steady time.
    [[nodiscard]] Group take(Tick now);
    /// What a group had no room for is the first of its lane again.
    void give_back(std::vector<QueuedCommand> rest);

private:
    [[nodiscard]] std::deque<std::unique_ptr<Command>>& of(Lane lane) {
        return lanes_[static_cast<std::size_t>(lane)];
    }
    void look_at_clock(Tick now);

    std::array<std::deque<std::unique_ptr<Command>>, kLanes> lanes_;
    // How far the peers' lane has been run: all up to the mark was posted before the mark's time.
    std::uint64_t posted_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t mark_ = 0;
    Tick mark_time_ = 0;
    Tick heard_until_ = 0;
};

}  // namespace cairn
