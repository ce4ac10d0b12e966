#include "app/slow_threads.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>

#include "app/testing/rig.hpp"

namespace cairn {
namespace {

using testing::get;
using Hold = SlowLane::Hold;

/// Keeps one thread busy until released.
class Busy {
public:
    explicit Busy(SlowThreads& threads, SlowWork work = SlowWork::sign) {
        auto entered = std::make_shared<std::promise<void>>();
        auto inside = entered->get_future();
        EXPECT_TRUE(
            threads.post(work, "", [entered, gate = gate_.get_future().share()](const Hold&) {
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
    ASSERT_TRUE(threads.post(SlowWork::sign, "", [done](const Hold&) { done->set_value(); }));
    get(done->get_future());
}

TEST(SlowThreads, JobsOfOneKeyRunInTheirOrder) {
    SlowThreads threads;
    std::vector<int> order;
    std::promise<void> last;
    constexpr int kJobs = 500;
    for (int i = 0; i < kJobs; ++i) {
        ASSERT_TRUE(threads.post(SlowWork::sign, "sender", [&, i](const Hold&) {
            order.push_back(i);
            if (i == kJobs - 1) last.set_value();
        }));
        ASSERT_TRUE(threads.post(SlowWork::sign, "", [](const Hold&) {}));
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
    ASSERT_TRUE(
        threads.post(SlowWork::sign, "a", [&](Hold hold) { taken.set_value(std::move(hold)); }));
    ASSERT_TRUE(threads.post(SlowWork::sign, "a", [&](const Hold&) {
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
    for (std::size_t i = 0; i < SlowThreads::limits(SlowWork::sign).waiting; ++i)
        ASSERT_TRUE(threads.post(SlowWork::sign, i % 2 == 0 ? "" : "key", count)) << i;
    EXPECT_FALSE(threads.post(SlowWork::sign, "", count));
    EXPECT_FALSE(threads.post(SlowWork::sign, "key", count));
    threads.resume(SlowWork::sign, [&] { resumed.set_value(); });
    one.release();
    two.release();
    get(resumed.get_future());
    threads.stop();
    EXPECT_LE(ran, SlowThreads::limits(SlowWork::sign).waiting);
}

TEST(SlowThreads, NoKindOfWorkWaitsForAnother) {
    for (const SlowWork full : {SlowWork::sign, SlowWork::check, SlowWork::users}) {
        SlowThreads threads;
        std::deque<Busy> busy;
        for (std::size_t i = 0; i < SlowThreads::limits(full).threads; ++i)
            busy.emplace_back(threads, full);
        while (threads.post(full, "", [](const Hold&) {})) {
        }
        for (const SlowWork other : {SlowWork::sign, SlowWork::check, SlowWork::users}) {
            if (other == full) continue;
            auto done = std::make_shared<std::promise<void>>();
            ASSERT_TRUE(threads.post(other, "", [done](const Hold&) { done->set_value(); }));
            get(done->get_future());
        }
        for (auto& one : busy) one.release();
    }
}

TEST(SlowThreads, WhatGoesOnLetsOthersBetween) {
    SlowThreads threads;
    std::vector<std::string> order;  // one thread does such work
    std::promise<void> last;
    Busy busy{threads, SlowWork::check};
    std::function<void(int)> slice = [&](int left) {
        order.push_back("long");
        if (left == 0) return last.set_value();
        threads.resume(SlowWork::check, [&, left] { slice(left - 1); });
    };
    ASSERT_TRUE(threads.post(SlowWork::check, "", [&](const Hold&) { slice(3); }));
    ASSERT_TRUE(
        threads.post(SlowWork::check, "", [&](const Hold&) { order.emplace_back("short"); }));
    busy.release();
    get(last.get_future());
    EXPECT_EQ(order, (std::vector<std::string>{"long", "short", "long", "long", "long"}));
}

TEST(SlowThreads, StoppingDropsWhatWaitsForAKey) {
    SlowThreads threads;
    std::promise<Hold> taken;
    ASSERT_TRUE(
        threads.post(SlowWork::sign, "a", [&](Hold hold) { taken.set_value(std::move(hold)); }));
    Hold hold = get(taken.get_future());
    auto token = std::make_shared<int>();
    const std::weak_ptr<int> alive = token;
    std::atomic<int> ran = 0;
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(threads.post(SlowWork::sign, "a", [&ran, token](const Hold&) { ++ran; }));
    token.reset();
    threads.stop();
    hold.reset();
    EXPECT_TRUE(alive.expired());
    EXPECT_EQ(ran, 0);
    EXPECT_FALSE(threads.post(SlowWork::sign, "b", [](const Hold&) {}));
}

TEST(SlowThreads, WhatGoesOnAfterTheStopIsDroppedWithItsHold) {
    auto token = std::make_shared<int>();
    const std::weak_ptr<int> alive = token;
    {
        SlowThreads threads;
        std::promise<Hold> taken;
        ASSERT_TRUE(threads.post(SlowWork::sign, "a",
                                 [&](Hold hold) { taken.set_value(std::move(hold)); }));
        Hold hold = get(taken.get_future());
        threads.stop();
        threads.resume(SlowWork::sign, [hold = std::move(hold), token = std::move(token)] {});
    }
    EXPECT_TRUE(alive.expired());
}

}  // namespace
}  // namespace cairn
