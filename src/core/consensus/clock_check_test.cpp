#include "core/consensus/clock_check.hpp"

#include <gtest/gtest.h>

#include "core/consensus/header_rules.hpp"
#include "core/testing/keys.hpp"

namespace cairn {
namespace {

ChainSpec limited(std::uint32_t limit) {
    ChainSpec spec = testing::easy_spec();
    spec.future_limit = limit;
    return spec;
}

TEST(ClockCheck, SaysWhenABlockAtTheMedianTimeIsTooEarlyAndUntilWhen) {
    const ChainSpec spec = limited(7200);
    const UnixSeconds median = 1'800'000'000;
    EXPECT_FALSE(clock_behind(median, median, spec));
    EXPECT_FALSE(clock_behind(median, median - 7200, spec));
    const auto behind = clock_behind(median, median - 7201, spec);
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->until, median - 7200);
}

TEST(ClockCheck, AgreesWithTheRuleOnBothSides) {
    for (const std::uint32_t limit : {0U, 1U, 60U, 7200U}) {
        const auto params = testing::params_of(limited(limit));
        for (UnixSeconds now = 1'000'000; now < 1'000'200; ++now) {
            BlockHeader header;
            header.time = 1'000'100;
            EXPECT_EQ(check_not_early(header, now, *params).has_value(),
                      !clock_behind(header.time, now, params->spec()).has_value())
                << limit << " " << now;
        }
    }
}

TEST(ClockCheck, IsSaidInTimesThatPeopleRead) {
    EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00 UTC");
    EXPECT_EQ(utc_text(951'827'696), "2000-02-29 12:34:56 UTC");
    EXPECT_EQ(utc_text(UINT32_MAX), "2106-02-07 06:28:15 UTC");
    const auto behind = clock_behind(1'795'370'569, 1'795'284'169, limited(7200));
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->to_string(),
              "This node's clock, at 2026-11-21 18:02:49 UTC, is behind its chain: the next block "
              "must be at 2026-11-22 18:02:49 UTC or later, the median time of the last ones, and "
              "may be at most 7200 s ahead of the clock. Set the clock if it is wrong; if it is "
              "right, no block can be mined or taken from others before 2026-11-22 16:02:49 UTC.");
}

}  // namespace
}  // namespace cairn
