#pragma once

#include <cstdint>
#include <optional>

#include "storage/memory_store.hpp"

namespace cairn {

/// A disk for the simulation: the twin, which outlives the node that writes to it, and a power
/// switch. After a crash it holds every acknowledged batch and, of the one in flight, all or
/// nothing.
///
/// Threads: as the twin.
class SimulatedDisk final : public Store {
public:
    enum class InFlight : std::uint8_t { lost, kept };

    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override;
    [[nodiscard]] Result<void, StoreError> write(const Batch& batch) override;
    [[nodiscard]] Result<std::string, StoreError> backup() override;

    /// The power goes during the `nth` write from now (1 is the next). That write and all later
    /// ones fail with `io` until `restart`; what the batch in flight left behind shows only then.
    void crash_at(std::uint64_t nth, InFlight in_flight);
    /// The next `count` writes fail with `fault` and leave nothing behind.
    void fail_next(std::uint64_t count, StoreFault fault);
    /// The power is back.
    void restart();

    [[nodiscard]] bool stopped() const { return stopped_; }
    /// Batches acknowledged so far.
    [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }

private:
    struct Crash {
        std::uint64_t writes_left = 0;
        InFlight in_flight = InFlight::lost;
    };

    MemoryStore durable_;
    std::optional<Crash> planned_;
    std::optional<Batch> in_flight_;  // survives the crash, but nobody sees it before the restart
    std::uint64_t failures_left_ = 0;
    StoreFault fault_ = StoreFault::io;
    std::uint64_t acknowledged_ = 0;
    bool stopped_ = false;
};

}  // namespace cairn
