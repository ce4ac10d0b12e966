#include "app/slow_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "app/testing/rig.hpp"

namespace cairn {
namespace {

using testing::get;
using Hold = SlowLane::Hold;

/// Keeps one thread busy until released.
class Busy {
public:
    explicit Busy(SlowThreads& threads) {
        auto entered = std::make_shared<std::promise<void>>();
        auto inside = entered->get_future();
        EXPECT_TRUE(threads.post("", [entered, gate = gate_.get_future().share()](const Hold&) {
            entered->set_value();
            gate.wait();
        }));
        get(std::move(inside));
    }
    void release() { gate_.set_value(); }

private:
    std::promise<void> gate_;
};

void wait_for_one_more(SlowThreads& threads) {
    auto done = std::make_shared<std::promise<void>>();
    ASSERT_TRUE(threads.post("", [done](const Hold&) { done->set_value(); }));
    get(done->get_future());
}

TEST(SlowThreads, JobsOfOneKeyRunInTheirOrder) {
    SlowThreads threads;
    std::vector<int> order;
    std::promise<void> last;
    constexpr int kJobs = 500;
    for (int i = 0; i < kJobs; ++i) {
        ASSERT_TRUE(threads.post("sender", [&, i](const Hold&) {
            order.push_back(i);
            if (i == kJobs - 1) last.set_value();
        }));
        ASSERT_TRUE(threads.post("", [](const Hold&) {}));
    }
    get(last.get_future());
    threads.stop();
    ASSERT_EQ(order.size(), std::size_t{kJobs});
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(SlowThreads, TheNextOfAKeyWaitsForTheHoldWhereverItWent) {
    SlowThreads threads;
    std::promise<Hold> taken;
    std::promise<void> second;
    std::atomic<bool> ran = false;
    ASSERT_TRUE(threads.post("a", [&](Hold hold) { taken.set_value(std::move(hold)); }));
    ASSERT_TRUE(threads.post("a", [&](const Hold&) {
        ran = true;
        second.set_value();
    }));
    Hold hold = get(taken.get_future());
    ASSERT_TRUE(hold);
    for (int i = 0; i < 10; ++i) wait_for_one_more(threads);
    EXPECT_FALSE(ran);
    hold.reset();  // on a thread that is none of theirs
    get(second.get_future());
}

TEST(SlowThreads, RefusesAJobWhenTooManyWaitButNeverOneThatGoesOn) {
    SlowThreads threads;
    Busy one{threads};
    Busy two{threads};
    std::atomic<std::size_t> ran = 0;
    std::promise<void> resumed;
    const auto count = [&](const Hold&) { ++ran; };
    for (std::size_t i = 0; i < SlowThreads::kWaitingMax; ++i)
        ASSERT_TRUE(threads.post(i % 2 == 0 ? "" : "key", count)) << i;
    EXPECT_FALSE(threads.post("", count));
    EXPECT_FALSE(threads.post("key", count));
    threads.resume([&] { resumed.set_value(); });
    one.release();
    two.release();
    get(resumed.get_future());
    threads.stop();
    EXPECT_LE(ran, SlowThreads::kWaitingMax);
}

TEST(SlowThreads, StoppingDropsWhatWaitsForAKey) {
    SlowThreads threads;
    std::promise<Hold> taken;
    ASSERT_TRUE(threads.post("a", [&](Hold hold) { taken.set_value(std::move(hold)); }));
    Hold hold = get(taken.get_future());
    auto token = std::make_shared<int>();
    const std::weak_ptr<int> alive = token;
    std::atomic<int> ran = 0;
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(threads.post("a", [&ran, token](const Hold&) { ++ran; }));
    token.reset();
    threads.stop();
    hold.reset();
    EXPECT_TRUE(alive.expired());
    EXPECT_EQ(ran, 0);
    EXPECT_FALSE(threads.post("b", [](const Hold&) {}));
}

TEST(SlowThreads, WhatGoesOnAfterTheStopIsDroppedWithItsHold) {
    auto token = std::make_shared<int>();
    const std::weak_ptr<int> alive = token;
    {
        SlowThreads threads;
        std::promise<Hold> taken;
        ASSERT_TRUE(threads.post("a", [&](Hold hold) { taken.set_value(std::move(hold)); }));
        Hold hold = get(taken.get_future());
        threads.stop();
        threads.resume([hold = std::move(hold), token = std::move(token)] {});
    }
    EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace cairn
