#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "api/slow_lane.hpp"

namespace cairn {

/// Threads behind the port `SlowLane`, some for each kind of work.
class SlowThreads final : public SlowLane {
public:
    struct Limits {
        std::size_t threads;
        std::size_t waiting;  // jobs that have not begun
    };
    /// What waits to be checked holds a body of up to 4 MiB.
    static constexpr std::array<Limits, kSlowWorks> kLimits{
        {{2, 4096}, {1, 16}, {1, 64}, {1, 4096}}};
    [[nodiscard]] static constexpr const Limits& limits(SlowWork work) {
        return kLimits[static_cast<std::size_t>(work)];
    }

    SlowThreads();
    ~SlowThreads() override;
    SlowThreads(const SlowThreads&) = delete;
    SlowThreads& operator=(const SlowThreads&) = delete;

    [[nodiscard]] bool post(SlowWork work, std::string key, Job job) override;
    void resume(SlowWork work, std::function<void()> job) override;
    /// Runs what is ready, drops what waits for a key and what is resumed later, ends.
    void stop();

private:
    struct State;
    [[nodiscard]] State& of(SlowWork work) { return *states_[static_cast<std::size_t>(work)]; }

    // Outlived by holds that are still about.
    std::array<std::shared_ptr<State>, kSlowWorks> states_;
    std::vector<std::thread> threads_;
};

}  // namespace cairn
