#include "sim/scheduler.hpp"

#include <gtest/gtest.h>

#include <string>

namespace cairn::sim {
namespace {

TEST(Scheduler, KeepsTheOrderOfTimeThenOfPlanning) {
    Scheduler scheduler;
    std::string order;
    scheduler.at(20, [&] { order += 'c'; });
    scheduler.at(10, [&] {
        order += 'a';
        scheduler.after(10, [&] { order += 'd'; });
        scheduler.at(3, [&] { order += 'b'; });  // the past is now
    });
    scheduler.at(31, [&] { order += 'z'; });
    scheduler.run_until(30);
    EXPECT_EQ(order, "abcd");
    EXPECT_EQ(scheduler.now(), 30U);
    EXPECT_EQ(scheduler.happened(), 4U);
    scheduler.run_until(31);
    EXPECT_EQ(order, "abcdz");
}

}  // namespace
}  // namespace cairn::sim
