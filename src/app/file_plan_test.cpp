#include "app/file_plan.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "net/limits.hpp"

namespace cairn {
namespace {

TEST(FilePlan, NeverGivesMoreThanThereAre) {
    for (std::size_t limit = 512; limit < 100'000; limit = limit * 9 / 8) {
        const auto plan = plan_files(limit);
        ASSERT_TRUE(plan) << limit;
        EXPECT_LE(plan->store + plan->peers + plan->inventories + plan->http + 64, limit);
        EXPECT_GE(plan->store, 48U);
        EXPECT_GE(plan->http, 64U);
        // What strangers can take of it does not reach the store's.
        EXPECT_GE(plan->peers, net::limits::kInbound + 2 * net::limits::kHalfOpen);
    }
}

TEST(FilePlan, OfTheUsualLimitLeavesTheStoreItsFiles) {
    const auto plan = plan_files(1024);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->store, 240U);
    EXPECT_EQ(plan->peers, 240U);
    EXPECT_EQ(plan->http, 420U);
}

TEST(FilePlan, OfManyFilesIsWhatTheNodeWouldHaveAnyway) {
    const auto plan = plan_files(65'536);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->store, 512U);
    EXPECT_EQ(plan->http, 4096U);
}

TEST(FilePlan, OfFewFilesIsRefusedWithWhatToDo) {
    const auto plan = plan_files(511);
    ASSERT_FALSE(plan);
    EXPECT_NE(plan.error().find("511 open files"), std::string::npos);
    EXPECT_NE(plan.error().find("ulimit -n"), std::string::npos);
}

TEST(FileLimit, IsRaisedAsFarAsItMay) {
    rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit lowered{std::min<rlim_t>(before.rlim_max, 300), before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lowered), 0);
    const auto raised = raise_file_limit();
    rlimit after{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_TRUE(raised);
    EXPECT_EQ(*raised, after.rlim_cur);
    EXPECT_EQ(*raised, std::min<rlim_t>(before.rlim_max, 65'536));
}

}  // namespace
}  // namespace cairn
