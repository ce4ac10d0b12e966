#include "core/base/ensure.hpp"

#include <cstdio>
#include <cstdlib>

namespace cairn {

void ensure_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "cairn: broken invariant: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace cairn
