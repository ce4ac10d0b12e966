#include "storage/simulated_disk.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

Batch put(std::uint8_t key) { return {{}, {{Table::meta, {key}, Bytes{1}}}}; }

bool has(const Store& store, std::uint8_t key) {
    return store.snapshot()->get(Table::meta, Bytes{key}).value().has_value();
}

TEST(SimulatedDisk, KeepsWhatWasAcknowledgedOverACrash) {
    SimulatedDisk disk;
    ASSERT_TRUE(disk.write(put(1)));
    disk.crash_at(1, SimulatedDisk::InFlight::lost);
    EXPECT_FALSE(disk.write(put(2)));
    disk.restart();
    EXPECT_TRUE(has(disk, 1));
    EXPECT_FALSE(has(disk, 2));
}

TEST(SimulatedDisk, ShowsTheBatchInFlightOnlyAfterTheRestart) {
    SimulatedDisk disk;
    disk.crash_at(1, SimulatedDisk::InFlight::kept);
    EXPECT_FALSE(disk.write(put(1)));
    EXPECT_FALSE(has(disk, 1));
    disk.restart();
    EXPECT_TRUE(has(disk, 1));
}

TEST(SimulatedDisk, TakesNothingWithoutPower) {
    SimulatedDisk disk;
    disk.crash_at(2, SimulatedDisk::InFlight::lost);
    EXPECT_TRUE(disk.write(put(1)));
    EXPECT_FALSE(disk.write(put(2)));
    EXPECT_FALSE(disk.write(put(3)));
    EXPECT_TRUE(disk.stopped());
    disk.restart();
    EXPECT_TRUE(disk.write(put(4)));
    EXPECT_FALSE(has(disk, 3));
    EXPECT_EQ(disk.acknowledged(), 2U);
}

TEST(SimulatedDisk, FailsAsOftenAsToldAndKeepsNothingOfIt) {
    SimulatedDisk disk;
    disk.fail_next(2, StoreFault::no_space);
    EXPECT_EQ(disk.write(put(1)).error().fault, StoreFault::no_space);
    EXPECT_EQ(disk.write(put(1)).error().fault, StoreFault::no_space);
    EXPECT_FALSE(has(disk, 1));
    EXPECT_TRUE(disk.write(put(1)));
    EXPECT_TRUE(has(disk, 1));
}

}  // namespace
}  // namespace cairn
