#pragma once

#include "core/primitives/time.hpp"
#include "node/view.hpp"

namespace cairn {

/// Says in the log, once, that the clock is too far behind the chain for a block to follow, and
/// once that it no longer is. Not for several threads.
class ClockWatch {
public:
    void look(const View& view, UnixSeconds now);

private:
    bool told_ = false;
};

}  // namespace cairn
