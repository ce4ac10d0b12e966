#include "app/limit_log.hpp"

#include <gtest/gtest.h>

#include "app/line_budget.hpp"
#include "app/log.hpp"

namespace cairn {
namespace {

/// The lines that `act` makes the log say, without their time.
template <class Act>
std::vector<std::string> said(Act act) {
    ::testing::internal::CaptureStderr();
    log::open(log::Level::info, log::Format::text);
    act();
    const std::string text = ::testing::internal::GetCapturedStderr();
    std::vector<std::string> lines;
    for (std::size_t at = 0; (at = text.find("limit met", at)) != std::string::npos; ++at)
        lines.push_back(text.substr(at, text.find('\n', at) - at));
    return lines;
}

TEST(LimitLog, SaysTheFirstAtOnceAndTheOthersOnceAMinute) {
    LimitLog limits;
    const auto lines = said([&] {
        for (int i = 0; i < 1000; ++i) limits.met("memory", 5);
        limits.tick(5 + LimitLog::kEveryMs - 1);
        limits.tick(5 + LimitLog::kEveryMs);
        limits.tick(5 + LimitLog::kEveryMs + 1);
    });
    EXPECT_EQ(lines, (std::vector<std::string>{"limit met limit=\"memory\" times=1",
                                               "limit met limit=\"memory\" times=999"}));
}

TEST(LimitLog, SaysEachByItselfAndAgainAfterAQuietMinute) {
    LimitLog limits;
    const auto lines = said([&] {
        limits.met("memory", 0);
        limits.met("places", 0);
        limits.tick(LimitLog::kEveryMs);
        limits.met("memory", LimitLog::kEveryMs + 1);
    });
    EXPECT_EQ(lines.size(), 3U);
}

TEST(LineBudget, GivesSoManyAtOnceAndThenOneInAWhileAndCountsTheRest) {
    LimitLog limits;
    std::uint64_t given = 0;
    const auto lines = said([&] {
        LineBudget budget{"dropped", limits};
        for (int i = 0; i < 1000; ++i) given += budget.take(7) ? 1 : 0;
        EXPECT_EQ(given, LineBudget::kAtOnce);
        EXPECT_FALSE(budget.take(7 + LineBudget::kEveryMs - 1));
        EXPECT_TRUE(budget.take(7 + LineBudget::kEveryMs));
        EXPECT_FALSE(budget.take(7 + LineBudget::kEveryMs));
        limits.tick(7 + LimitLog::kEveryMs);
    });
    EXPECT_EQ(lines, (std::vector<std::string>{
                         "limit met limit=\"dropped: lines in the log\" times=1",
                         "limit met limit=\"dropped: lines in the log\" times=981"}));
}

}  // namespace
}  // namespace cairn
