#include "net/serve/allowance.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "net/protocol/codec.hpp"
#include "net/serve/cost.hpp"

namespace cairn::net {
namespace {

constexpr std::uint64_t kRate = 100'000;

/// What one gets done in a while that always has something to do, `cost` each.
std::uint64_t done(Allowance& who, Tick from, Tick until, std::uint64_t cost) {
    std::uint64_t sum = 0;
    for (Tick now = from; now < until; ++now)
        while (who.has_credit(now)) {
            who.spend(cost);
            sum += cost;
        }
    return sum;
}

TEST(Allowance, IsASecondsWorthAndThenItsRate) {
    Share share{kRate, 0};
    Allowance one{share, 0};
    EXPECT_NEAR(static_cast<double>(done(one, 0, 1, 100)), 1.0 * kRate, 1'000);
    EXPECT_NEAR(static_cast<double>(done(one, 1, 10'001, 100)), 10.0 * kRate, 1'000);
    // A rest of a year saves up a second's worth.
    EXPECT_NEAR(static_cast<double>(done(one, 1ULL << 35, (1ULL << 35) + 1, 100)), 1.0 * kRate,
                1'000);
}

TEST(Allowance, WhatIsBegunIsFinishedAndPaidOff) {
    Share share{kRate, 0};
    Allowance one{share, 0};
    EXPECT_TRUE(one.has_credit(0));
    one.spend(3 * kRate);
    EXPECT_FALSE(one.has_credit(1'999));
    EXPECT_TRUE(one.has_credit(2'001));
}

TEST(Allowance, OfManyIsAnEvenPart) {
    Share share{kRate, 0};
    std::vector<std::unique_ptr<Allowance>> all;
    for (int i = 0; i < 10; ++i) all.push_back(std::make_unique<Allowance>(share, 0));
    for (auto& one : all) (void)done(*one, 0, 1, 100);
    // What was saved up before goes first.
    for (Tick now = 1; now <= 5'000; ++now)
        for (auto& one : all) (void)done(*one, now, now + 1, 100);
    std::vector<std::uint64_t> sums(all.size());
    for (Tick now = 5'001; now <= 15'000; ++now)
        for (std::size_t i = 0; i < all.size(); ++i) sums[i] += done(*all[i], now, now + 1, 100);
    for (const auto sum : sums) {
        EXPECT_GT(sum, 10 * kRate / 10 * 8 / 10);
        EXPECT_LT(sum, 10 * kRate / 10 * 12 / 10);
    }
}

/// Whoever comes again and again gets no more of it.
TEST(Allowance, ComingBackBringsNothing) {
    Share share{kRate, 0};
    std::uint64_t sum = 0;
    for (Tick now = 0; now < 10'000; now += 10) {
        Allowance fresh{share, now};
        sum += done(fresh, now, now + 10, 100);
    }
    EXPECT_LE(sum, 11 * kRate + 1'000'000 / 10);
}

TEST(Allowance, AnotherShareIsNotTouched) {
    Share guests{kRate, 0};
    Share named{kRate, 0};
    Allowance guest{guests, 0};
    Allowance friend_of_ours{guests, 0};
    friend_of_ours.move_to(named);
    (void)done(guest, 0, 1'000, 100);
    EXPECT_GT(done(friend_of_ours, 1'000, 2'000, 100), kRate / 2);
    EXPECT_EQ(guests.each(), kRate);
}

TEST(Cost, GrowsWithWhatIsTold) {
    const auto cost = [](const Message& message) { return cost_of_answer(encode(message)); };
    PoolInv page;
    page.ids.resize(2'000);
    for (std::size_t i = 0; i < page.ids.size(); ++i) {
        page.ids[i].bytes[0] = static_cast<std::uint8_t>(i >> 8);
        page.ids[i].bytes[1] = static_cast<std::uint8_t>(i);
    }
    EXPECT_GE(cost(page), 2'000u);
    Inv inv;
    inv.items.resize(50'000);
    EXPECT_GE(cost(inv), 100'000u);
    EXPECT_GE(cost_of(inv), 100'000u);
    EXPECT_LT(cost(Pong{}), 100u);
    EXPECT_GT(cost_of(Ping{}), 0u);
}

TEST(Solicited, WhatWasAskedForIsFreeOnceEach) {
    Solicited due;
    EXPECT_FALSE(due.take(Headers{}));
    due.note_sent(encode(GetHeaders{{}, {}}));
    EXPECT_TRUE(due.take(Headers{}));
    EXPECT_FALSE(due.take(Headers{}));
    GetData data;
    data.items.resize(3);
    due.note_sent(encode(data));
    EXPECT_TRUE(due.take(TransferBody{}));
    EXPECT_TRUE(due.take(NotFound{{Item{}, Item{}}}));
    EXPECT_FALSE(due.take(TransferBody{}));
    due.note_sent(encode(Mempool{PoolPage{}}));
    EXPECT_TRUE(due.take(PoolInv{}));
    EXPECT_FALSE(due.take(PoolInv{}));
    // News is nobody's answer.
    EXPECT_FALSE(due.take(Inv{}));
    EXPECT_FALSE(due.take(Ping{}));
}

}  // namespace
}  // namespace cairn::net
