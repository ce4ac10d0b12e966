#pragma once

#include <memory>

#include "core/base/result.hpp"
#include "core/primitives/time.hpp"
#include "ledger/store.hpp"
#include "node/view.hpp"

namespace cairn {

class Node;

/// A request to the node's thread. `run` decides and stages; `done` comes after the group's one
/// durable write, with the view that shows it or the reason why nothing of it was kept. A rejection
/// travels inside the command. `done` must not block, and is called once for every command that was
/// taken, whatever became of it.
///
/// No run holds the thread for more than `kSliceNs`: what may take longer is posted in parts, each
/// once the one before is durable, so that others come between.
struct Command {
    virtual ~Command() = default;
    virtual void run(Node& node, Now now) = 0;
    virtual void done(Result<ViewPtr, StoreError> outcome) noexcept = 0;
    /// Whether it must be the only one of its group.
    [[nodiscard]] virtual bool alone() const { return false; }
    /// Nobody waits for it any more: it is not run, and `done` hears that nothing was kept. Asked
    /// on the node's thread, just before its run.
    [[nodiscard]] virtual bool abandoned() const { return false; }
};

/// Thread CPU that a run may take, a slice of a long switch, or a tick. Nanoseconds.
inline constexpr std::uint64_t kSliceNs = 20'000'000;

/// Our own blocks go first, then what peers send, then transfers; each lane is bounded on its own.
enum class Lane : std::uint8_t { blocks, peers, transfers };
inline constexpr std::size_t kLanes = 3;

/// All that the interface and the peers know of the node. Any thread.
class Gate {
public:
    virtual ~Gate() = default;
    /// False: the lane is full or the node is stopping; the command is gone and `done` is not
    /// called.
    [[nodiscard]] virtual bool post(Lane lane, std::unique_ptr<Command> command) = 0;
    [[nodiscard]] virtual ViewPtr view() const = 0;
};

}  // namespace cairn
