#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace cairn {

/// What is too long for an I/O thread. Each kind has a queue and threads of its own, so that
/// whoever fills one holds up nobody in another.
enum class SlowWork : std::uint8_t {
    sign,   // for who is logged in
    check,  // many signatures, for anybody
    users,  // Argon2 and users' files, for operators
    read,   // large blocks from the store, for anybody
};
inline constexpr std::size_t kSlowWorks = 4;

/// Where work goes that blocks on memory, disk or many hashes.
class SlowLane {
public:
    virtual ~SlowLane() = default;
    /// Holding it keeps the next job of the same key waiting.
    using Hold = std::shared_ptr<void>;
    using Job = std::function<void(Hold)>;

    /// Runs `job` on a thread for such work. Jobs of one non-empty key run one after another, the
    /// next once the `Hold` of the one before is gone, on whatever thread that happens. False: too
    /// many wait.
    [[nodiscard]] virtual bool post(SlowWork work, std::string key, Job job) = 0;
    /// Goes on with a job that was taken, after those that are ready now: what is long is done in
    /// slices between others. Never refused.
    virtual void resume(SlowWork work, std::function<void()> job) = 0;
};

}  // namespace cairn
