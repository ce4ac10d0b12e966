#pragma once

#include <functional>
#include <memory>
#include <string>

namespace cairn {

/// Where work goes that blocks on memory, disk or many hashes: Argon2, signing, keystore files.
class SlowLane {
public:
    virtual ~SlowLane() = default;
    /// Holding it keeps the next job of the same key waiting.
    using Hold = std::shared_ptr<void>;
    using Job = std::function<void(Hold)>;

    /// Runs `job` on one of two threads. Jobs of one non-empty key run one after another, the next once
    /// the `Hold` of the one before is gone, on whatever thread that happens. False: too many wait.
    [[nodiscard]] virtual bool post(std::string key, Job job) = 0;
    /// Goes on with a job that holds its key already. Never refused.
    virtual void resume(std::function<void()> job) = 0;
};

}  // namespace cairn
