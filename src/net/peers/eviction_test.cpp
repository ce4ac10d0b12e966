#include "net/peers/eviction.hpp"

#include <gtest/gtest.h>

#include <set>

namespace cairn::net {
namespace {

Bytes source(std::uint8_t number) { return {number}; }

/// Guests of one source, who came one after another.
std::vector<Guest> crowd(std::size_t count, std::uint8_t from, PeerId first = 1) {
    std::vector<Guest> guests;
    for (std::size_t i = 0; i < count; ++i)
        guests.push_back({first + i, source(from), from, 1'000 + first + i, {}, 0, 0});
    return guests;
}

TEST(Eviction, TheYoungestOfTheLargestSourceGoes) {
    auto guests = crowd(60, 1);
    const auto others = crowd(4, 2, 100);
    guests.insert(guests.end(), others.begin(), others.end());
    EXPECT_EQ(guest_to_go(guests, source(3)), 60u);
}

TEST(Eviction, ASourceDoesNotPushOutItsLikes) {
    EXPECT_FALSE(guest_to_go(crowd(64, 1), source(1)));
    auto guests = crowd(32, 1);
    const auto others = crowd(32, 2, 100);
    guests.insert(guests.end(), others.begin(), others.end());
    EXPECT_FALSE(guest_to_go(guests, source(1)));
    EXPECT_TRUE(guest_to_go(guests, source(3)));
}

TEST(Eviction, WhoIsOfUseIsSafeHoweverYoung) {
    auto guests = crowd(64, 1);
    std::set<PeerId> safe;
    for (std::size_t i = 40; i < 48; ++i) {
        guests[i].ping = 5;
        safe.insert(guests[i].peer);
    }
    for (std::size_t i = 48; i < 52; ++i) {
        guests[i].transfer = 9'000;
        safe.insert(guests[i].peer);
    }
    for (std::size_t i = 52; i < 60; ++i) {
        guests[i].block = 9'000;
        safe.insert(guests[i].peer);
    }
    for (std::size_t i = 60; i < 64; ++i) {
        guests[i].lot = 99;
        safe.insert(guests[i].peer);
    }
    // All of the twenty-four stay while others of the younger half can go.
    for (int round = 0; round < 20; ++round) {
        const auto victim = guest_to_go(guests, source(2));
        ASSERT_TRUE(victim);
        EXPECT_FALSE(safe.contains(*victim));
        std::erase_if(guests, [&](const Guest& guest) { return guest.peer == *victim; });
        auto next = crowd(1, 1, 1'000 + static_cast<PeerId>(round));
        guests.push_back(next.front());
    }
}

TEST(Eviction, TheLongestServingHalfIsSafe) {
    const auto guests = crowd(64, 1);
    const auto victim = guest_to_go(guests, source(2));
    ASSERT_TRUE(victim);
    EXPECT_GT(*victim, 32u);
}

TEST(Eviction, OfNobodyNobodyGoes) { EXPECT_FALSE(guest_to_go({}, source(1))); }

}  // namespace
}  // namespace cairn::net
