#include "api/http/answer_pace.hpp"

#include <gtest/gtest.h>

namespace cairn::http {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kRate = 1000;  // bytes a second
constexpr auto kSlack = 10s;
constexpr auto kLongest = 1h;

class Pace : public ::testing::Test {
protected:
    Pace() {
        pace.begin(kSlack);
        pace.wait_from(start);
    }
    [[nodiscard]] bool is_cut_at(AnswerPace::Clock::duration after,
                                 AnswerPace::Clock::duration slack = kSlack) const {
        return pace.is_too_slow(start + after, slack, kLongest);
    }
    void take(AnswerPace::Clock::duration after, std::size_t bytes) {
        pace.taken(start + after, bytes, kRate, kSlack);
    }

    const AnswerPace::Clock::time_point start{1000s};
    AnswerPace pace;
};

TEST_F(Pace, OfWhoTakesNothingEndsWithTheSlack) {
    EXPECT_FALSE(is_cut_at(10s));
    EXPECT_TRUE(is_cut_at(10s + 1ms));
}

TEST_F(Pace, OfWhoTakesTheRateNeverEnds) {
    for (int i = 1; i * 9s < kLongest; ++i) {
        const auto at = std::chrono::seconds{9 * i};
        EXPECT_FALSE(is_cut_at(at));
        take(at, 9 * kRate);
    }
}

TEST_F(Pace, OfWhoTakesLessEndsWhenTheSlackIsUsedUp) {
    // Half the rate: a second is lost in two.
    int seconds = 2;
    for (; !is_cut_at(std::chrono::seconds{seconds}); seconds += 2)
        take(std::chrono::seconds{seconds}, kRate);
    EXPECT_GE(seconds, 18);
    EXPECT_LE(seconds, 22);
}

TEST_F(Pace, DoesNotSaveUpWhatWasTakenAtOnce) {
    take(1ms, 10'000'000);  // the kernel's buffers
    EXPECT_FALSE(is_cut_at(10s));
    EXPECT_TRUE(is_cut_at(10s + 2ms));
}

TEST_F(Pace, IsStricterWhereMemoryIsShort) {
    EXPECT_FALSE(is_cut_at(1s, 1s));
    EXPECT_TRUE(is_cut_at(1s + 1ms, 1s));
    take(2s, kRate);
    EXPECT_FALSE(is_cut_at(3s, 1s));
}

TEST_F(Pace, EndsAfterTheLongestTimeHoweverFast) {
    AnswerPace::Clock::duration at{};
    while (at < kLongest) {
        EXPECT_FALSE(is_cut_at(at));
        at += 5s;
        take(at, 100 * kRate);
    }
    EXPECT_TRUE(is_cut_at(at + 1ms));
}

}  // namespace
}  // namespace cairn::http
