#pragma once

namespace cairn {

/// Lets every other thread of the machine go before the calling one: SCHED_IDLE where there is such
/// a thing, else nice 19. Best effort.
void take_lowest_priority();

}  // namespace cairn
