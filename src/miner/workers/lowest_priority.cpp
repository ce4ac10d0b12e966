#include "miner/workers/lowest_priority.hpp"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

namespace cairn {

void take_lowest_priority() {
#ifdef SCHED_IDLE
    const sched_param none{};
    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) == 0) return;
#endif
#ifdef __linux__
    // Nice is a thread's own on Linux alone; elsewhere this would slow the whole process.
    static_cast<void>(setpriority(PRIO_PROCESS, 0, 19));
#endif
}

}  // namespace cairn
