#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>

namespace cairn {

/// Bounds how many Argon2 runs happen at once, and how many callers wait for their turn, so that
/// guessing passwords starves neither mining nor sync. Any thread; must outlive its passes.
class Argon2Gate {
public:
    static constexpr std::size_t kRunning = 2;
    static constexpr std::size_t kWaiting = 8;

    explicit Argon2Gate(std::size_t running = kRunning, std::size_t waiting = kWaiting)
        : free_{running}, waiting_max_{waiting} {}

    /// The right to run Argon2 as long as it lives.
    class Pass {
    public:
        Pass(Pass&& other) noexcept;
        Pass& operator=(Pass&&) = delete;
        Pass(const Pass&) = delete;
        Pass& operator=(const Pass&) = delete;
        ~Pass();

    private:
        friend class Argon2Gate;
        explicit Pass(Argon2Gate& gate) : gate_{&gate} {}
        Argon2Gate* gate_;
    };

    /// Waits for a turn; nothing if as many wait already as may: answer 429.
    [[nodiscard]] std::optional<Pass> enter();

private:
    void leave();

    std::mutex mutex_;
    std::condition_variable turn_;
    std::size_t free_;
    std::size_t waiting_ = 0;
    const std::size_t waiting_max_;
};

}  // namespace cairn
