#pragma once

#include <cstdint>
#include <string>

namespace cairn {

struct DemoSettings {
    std::uint16_t port = 5000;  // of the first node; the others take the next ones
    double block_every = 5;     // seconds, mean over the whole network
    double transfer_every = 1;  // seconds, mean
    double seconds = 0;         // then it ends by itself; 0: it runs until Ctrl-C
};

/// `cairn demo`: three nodes of a dev chain on this machine, in a directory that goes with them,
/// joined, mining and sending, and a line of everything that happens. Ends cleanly on Ctrl-C or
/// SIGTERM. The process's exit status.
[[nodiscard]] int run_demo(const DemoSettings& settings);

}  // namespace cairn
