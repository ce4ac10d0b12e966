#include "app/file_plan.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace cairn {
namespace {

/// Standard streams, listener, lock, logs and manifest of the store, its side file, epolls and
/// timers of each thread's loop, users' files and a backup while they are written.
constexpr std::size_t kOthers = 64;
constexpr std::size_t kLeastFiles = 512;
constexpr std::size_t kStoreMax = 512;
/// Strangers take 192 at most: 64 guests, 64 that shake hands, 64 that are about to end. Beside
/// them stand 8 learnt nodes and their dials; the rest is for registered ones.
constexpr std::size_t kPeersLeast = 208;
constexpr std::size_t kPeersMax = 512;
constexpr std::size_t kInventoriesMax = 64;
constexpr std::size_t kHttpMax = 4096;
/// More than all of them can use is not asked for.
constexpr std::size_t kMost = 65'536;

}  // namespace

Result<FilePlan, std::string> plan_files(std::size_t limit) {
    if (limit < kLeastFiles)
        return fail("this process may have " + std::to_string(limit) +
                    " open files, and a node needs " + std::to_string(kLeastFiles) +
                    " at least: raise the limit (ulimit -n, LimitNOFILE= of systemd, nofile of "
                    "containers)");
    FilePlan plan;
    plan.whole = limit;
    const std::size_t rest = limit - kOthers;
    plan.store = std::min(rest / 4, kStoreMax);
    plan.peers = std::clamp(rest / 4, kPeersLeast, kPeersMax);
    plan.inventories = std::min(rest / 16, kInventoriesMax);
    plan.http = std::min(rest - plan.store - plan.peers - plan.inventories, kHttpMax);
    return plan;
}

Result<std::size_t, std::string> raise_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return fail("the limit of open files cannot be read: " +
                    std::generic_category().message(errno));
    const rlim_t wanted = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, kMost));
    const rlimit raised{wanted, limit.rlim_max};
    // A machine that does not let it be raised has what it has.
    if (wanted != limit.rlim_cur && ::setrlimit(RLIMIT_NOFILE, &raised) == 0)
        limit.rlim_cur = wanted;
    return static_cast<std::size_t>(std::min<rlim_t>(limit.rlim_cur, kMost));
}

}  // namespace cairn
