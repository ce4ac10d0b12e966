#include "wallet/argon2_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace cairn {
namespace {

TEST(Argon2Gate, LetsTwoInAndRefusesTheThirdWhenNobodyMayWait) {
    Argon2Gate gate{2, 0};
    auto one = gate.enter();
    const auto two = gate.enter();
    EXPECT_TRUE(one && two);
    EXPECT_FALSE(gate.enter());
    one.reset();
    EXPECT_TRUE(gate.enter());
}

TEST(Argon2Gate, AMovedPassCountsOnce) {
    Argon2Gate gate{1, 0};
    {
        auto pass = gate.enter();
        const Argon2Gate::Pass moved{std::move(*pass)};
        EXPECT_FALSE(gate.enter());
    }
    EXPECT_TRUE(gate.enter());
    EXPECT_TRUE(gate.enter());
}

TEST(Argon2Gate, NeverMoreThanItsRunningAndEveryWaiterGetsIn) {
    Argon2Gate gate{2, 16};
    std::atomic<int> inside{0};
    std::atomic<int> most{0};
    std::atomic<int> entered{0};
    std::vector<std::jthread> threads;
    for (int i = 0; i < 16; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 200; ++round) {
                const auto pass = gate.enter();
                if (!pass) continue;
                const int now_inside = ++inside;
                int seen = most;
                while (now_inside > seen && !most.compare_exchange_weak(seen, now_inside)) {
                }
                ++entered;
                --inside;
            }
        });
    threads.clear();
    EXPECT_LE(most, 2);
    EXPECT_EQ(entered, 16 * 200);
}

}  // namespace
}  // namespace cairn
