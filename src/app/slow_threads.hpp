#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "api/slow_lane.hpp"

namespace cairn {

/// Two threads behind the port `SlowLane`.
class SlowThreads final : public SlowLane {
public:
    static constexpr std::size_t kThreads = 2;
    static constexpr std::size_t kWaitingMax = 4096;

    SlowThreads();
    ~SlowThreads() override;
    SlowThreads(const SlowThreads&) = delete;
    SlowThreads& operator=(const SlowThreads&) = delete;

    [[nodiscard]] bool post(std::string key, Job job) override;
    void resume(std::function<void()> job) override;
    /// Runs what is ready, drops what waits for a key and what is resumed later, ends.
    void stop();

private:
    struct State;
    std::shared_ptr<State> state_;  // outlived by holds that are still about
    std::vector<std::thread> threads_;
};

}  // namespace cairn
