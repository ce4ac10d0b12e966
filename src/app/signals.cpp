#include "app/signals.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace cairn {

Signals::Signals(std::function<void(int)> others) : others_{std::move(others)} {
    struct sigaction hang_up {};
    ::sigaction(SIGHUP, nullptr, &hang_up);
    ends_with_terminal_ = hang_up.sa_handler != SIG_IGN && ::isatty(STDIN_FILENO) == 1;
    sigemptyset(&set_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGUSR1, SIGUSR2})
        sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
}

int Signals::wait(long milliseconds) const {
    using std::chrono::steady_clock;
    const auto end = steady_clock::now() + std::chrono::milliseconds{milliseconds};
    for (;;) {
        const auto left = std::max(std::chrono::nanoseconds{0},
                                   std::chrono::nanoseconds{end - steady_clock::now()});
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
        const timespec time{seconds.count(), (left - seconds).count()};
        const int taken = sigtimedwait(&set_, nullptr, &time);
        if (taken == SIGINT || taken == SIGTERM || taken == SIGXCPU) return taken;
        if (taken == SIGHUP && ends_with_terminal_) return taken;
        if (taken > 0) {
            if (others_) others_(taken);
        } else if (left.count() == 0) {
            return 0;
        }
    }
}

std::string_view signal_name(int signal) {
    switch (signal) {
        case SIGINT:
            return "SIGINT";
        case SIGTERM:
            return "SIGTERM";
        case SIGHUP:
            return "SIGHUP";
        case SIGXCPU:
            return "SIGXCPU";
        case SIGUSR1:
            return "SIGUSR1";
        case SIGUSR2:
            return "SIGUSR2";
        default:
            return "a signal";
    }
}

}  // namespace cairn
