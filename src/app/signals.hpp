#pragma once

#include <csignal>
#include <functional>
#include <string_view>

namespace cairn {

/// Takes the signals that would end a program, in this thread and all it will start.
///
/// SIGINT, SIGTERM and SIGXCPU (the soft limit; the hard one kills) end it. SIGHUP ends it if
/// standard input was a terminal at start, for then that terminal is gone, and nobody asked that
/// it outlive it (nohup). Otherwise it is one of those that ask for something: as SIGUSR1 and
/// SIGUSR2, which nothing is done for, so that a wrong guess of a script does not stop a node.
class Signals {
public:
    /// `others` hears of signals that end nothing, on the thread that waits.
    explicit Signals(std::function<void(int)> others = {});

    /// The signal that ends the program, or 0 when `milliseconds` have passed.
    [[nodiscard]] int wait(long milliseconds) const;

private:
    sigset_t set_{};
    bool ends_with_terminal_ = false;
    std::function<void(int)> others_;
};

/// "SIGTERM".
[[nodiscard]] std::string_view signal_name(int signal);

}  // namespace cairn
