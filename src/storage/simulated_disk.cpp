#include "storage/simulated_disk.hpp"

#include "core/base/ensure.hpp"

namespace cairn {

std::shared_ptr<const Snapshot> SimulatedDisk::snapshot() const { return durable_.snapshot(); }

Result<void, StoreError> SimulatedDisk::write(const Batch& batch) {
    if (stopped_) return fail(StoreError{StoreFault::io, "the simulated disk has no power"});
    if (failures_left_ > 0) {
        --failures_left_;
        return fail(StoreError{fault_, "the simulated disk was told to fail"});
    }
    if (planned_ && --planned_->writes_left == 0) {
        if (planned_->in_flight == InFlight::kept) in_flight_ = batch;
        planned_.reset();
        stopped_ = true;
        return fail(StoreError{StoreFault::io, "the simulated disk lost its power"});
    }
    auto written = durable_.write(batch);
    if (written) ++acknowledged_;
    return written;
}

Result<std::string, StoreError> SimulatedDisk::backup() { return durable_.backup(); }

void SimulatedDisk::crash_at(std::uint64_t nth, InFlight in_flight) {
    ENSURE(nth > 0);
    planned_ = Crash{nth, in_flight};
}

void SimulatedDisk::fail_next(std::uint64_t count, StoreFault fault) {
    failures_left_ = count;
    fault_ = fault;
}

void SimulatedDisk::restart() {
    if (in_flight_) ENSURE(durable_.write(*in_flight_).has_value());
    in_flight_.reset();
    planned_.reset();
    failures_left_ = 0;
    stopped_ = false;
}

}  // namespace cairn
