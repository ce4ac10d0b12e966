#pragma once

namespace cairn {

/// Prints the broken invariant and aborts. Never for data from disk, peer or user: those are
/// errors.
[[noreturn]] void ensure_failed(const char* condition, const char* file, int line);

}  // namespace cairn

#define ENSURE(condition) \
    ((condition) ? static_cast<void>(0) : ::cairn::ensure_failed(#condition, __FILE__, __LINE__))

#ifdef CAIRN_DEBUG_ENSURE
#define DEBUG_ENSURE(condition) ENSURE(condition)
#else
#define DEBUG_ENSURE(condition) static_cast<void>(0)
#endif
