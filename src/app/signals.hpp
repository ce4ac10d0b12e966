#pragma once

#include <csignal>
#include <ctime>

namespace cairn {

/// Blocks the signals that end a program in this thread and all it will start; `wait` takes them.
class Signals {
public:
    Signals() {
        sigemptyset(&set_);
        for (const int signal : {SIGINT, SIGTERM}) sigaddset(&set_, signal);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
    }
    /// The signal, or 0 when `milliseconds` have passed.
    [[nodiscard]] int wait(long milliseconds) const {
        const timespec time{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
        const int taken = sigtimedwait(&set_, nullptr, &time);
        return taken > 0 ? taken : 0;
    }

private:
    sigset_t set_{};
};

}  // namespace cairn
