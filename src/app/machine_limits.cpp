#include "app/machine_limits.hpp"

#include <sys/resource.h>

#include <exception>
#include <future>
#include <thread>
#include <vector>

namespace cairn {

std::optional<std::string> machine_lacks(std::size_t threads, std::uint64_t address_space) {
    rlimit space{};
    if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY &&
        space.rlim_cur < address_space)
        return "the process may have " + std::to_string(space.rlim_cur / 1024 / 1024) +
               " MiB of address space (ulimit -v), and a node needs " +
               std::to_string(address_space / 1024 / 1024) + " MiB";
    std::promise<void> all_started;
    std::vector<std::jthread> started;
    const auto let_go = all_started.get_future().share();
    try {
        started.reserve(threads);
        while (started.size() < threads) started.emplace_back([let_go] { let_go.wait(); });
    } catch (const std::exception&) {
        const std::size_t count = started.size();
        all_started.set_value();
        return "only " + std::to_string(count) + " of " + std::to_string(threads) +
               " threads can be started: let the process have more (ulimit -u, ulimit -v, or the "
               "limit of its container)";
    }
    all_started.set_value();
    return std::nullopt;
}

}  // namespace cairn
