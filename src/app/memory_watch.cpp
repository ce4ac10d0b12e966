#include "app/memory_watch.hpp"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace cairn {

std::size_t resident_bytes() {
    std::ifstream file{"/proc/self/statm"};
    std::size_t all = 0;
    std::size_t resident = 0;
    if (!(file >> all >> resident)) return 0;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void MemoryWatch::tick(Tick now) {
    if (now < next_ || resident_bytes() < limit_ / 8 * 7) return;
    malloc_trim(0);
    next_ = now + kEveryMs;
}

}  // namespace cairn
