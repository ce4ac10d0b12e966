#include "api/session/login_room.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace cairn {
namespace {

constexpr Tick kSecond = LoginRoom::kEvery;

Source remote(std::uint8_t last = 1) { return Source::of_v4({192, 0, 2, last}); }

/// A room whose luck is a small generator with a known start.
struct Room : LoginRoom {
    explicit Room(std::uint64_t seed = 1)
        : LoginRoom{[state = seed](std::size_t below) mutable {
              state = state * 6364136223846793005ULL + 1442695040888963407ULL;
              return static_cast<std::size_t>((state >> 33U) % below);
          }} {}
    /// Spends the tries that a name has at once, all of them wrong.
    void spend(const std::string& name, Tick now) {
        for (std::uint32_t i = 0; i < kFree; ++i) {
            (void)enter(name, remote(99), now);
            EXPECT_TRUE(next(now));
        }
    }
};

TEST(LoginRoom, SomeTriesAreFreeThenThereIsOneASecond) {
    Room room;
    room.spend("ann", 0);
    std::set<LoginRoom::Ticket> waiting;
    for (int i = 0; i < 5; ++i) waiting.insert(room.enter("ann", remote(), 0));
    for (Tick second = 1; second <= 5; ++second) {
        EXPECT_EQ(room.next_look(0), second * kSecond);
        EXPECT_FALSE(room.next(second * kSecond - 1));
        const auto turn = room.next(second * kSecond);
        ASSERT_TRUE(turn);
        EXPECT_EQ(waiting.erase(*turn), 1U);
        EXPECT_FALSE(room.next(second * kSecond));
    }
    EXPECT_EQ(room.next_look(5 * kSecond), std::nullopt);
}

TEST(LoginRoom, RightPasswordsGiveTheirTryBack) {
    Room room;
    for (int i = 0; i < 100; ++i) {
        (void)room.enter("ann", remote(), 0);
        ASSERT_TRUE(room.next(0)) << i;
        room.was_right("ann", 0);
    }
}

TEST(LoginRoom, AnotherNameNeverWaitsForIt) {
    Room room;
    room.spend("ann", 0);
    (void)room.enter("ann", remote(), 0);
    const auto bob = room.enter("bob", remote(), 0);
    EXPECT_EQ(room.next(0), bob);
}

TEST(LoginRoom, WhoIsNextIsDrawnSoThatNoGuesserKeepsTheOwnerOut) {
    // Nine guesses at a time, each replaced as soon as it had its turn, from the owner's source.
    std::vector<int> seconds;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Room room{seed};
        room.spend("ann", 0);
        for (int i = 0; i < 9; ++i) (void)room.enter("ann", Source::loopback(), 0);
        const auto owner = room.enter("ann", Source::loopback(), 0);
        int second = 1;
        for (; second < 1000; ++second) {
            const Tick now = static_cast<Tick>(second) * kSecond;
            const auto turn = room.next(now);
            ASSERT_TRUE(turn);
            if (turn == owner) break;
            (void)room.enter("ann", Source::loopback(), now);
        }
        seconds.push_back(second);
    }
    std::sort(seconds.begin(), seconds.end());
    EXPECT_LE(seconds[100], 12);  // a tenth of a chance each second: 7 on the median
    EXPECT_LE(seconds[180], 40);  // 22 for nine tenths
}

TEST(LoginRoom, ASourceWeighsNoMoreForHoldingManyPlaces) {
    std::map<bool, int> turns;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        Room room{seed};
        room.spend("ann", 0);
        for (int i = 0; i < 200; ++i) (void)room.enter("ann", remote(7), 0);
        const auto owner = room.enter("ann", remote(8), 0);
        ++turns[room.next(kSecond) == owner];
    }
    EXPECT_GT(turns[true], 140);
    EXPECT_LT(turns[true], 260);
}

TEST(LoginRoom, AFullRoomPutsOutOneOfTheSourceThatTakesMost) {
    Room room;
    room.spend("ann", 0);
    std::set<LoginRoom::Ticket> crowd;
    const auto owner = room.enter("ann", remote(8), 0);
    for (std::size_t i = 1; i < LoginRoom::kOfNameMax; ++i)
        crowd.insert(room.enter("ann", remote(7), 0));
    EXPECT_EQ(room.waiting(), LoginRoom::kOfNameMax);
    for (int i = 0; i < 500; ++i) crowd.insert(room.enter("ann", remote(7), 0));
    EXPECT_EQ(room.waiting(), LoginRoom::kOfNameMax);
    EXPECT_TRUE(room.refused(kSecond - 1).empty());
    const auto out = room.refused(kSecond);
    EXPECT_EQ(out.size(), 500U);
    for (const auto ticket : out) {
        EXPECT_NE(ticket, owner);
        EXPECT_TRUE(crowd.contains(ticket));
    }
}

TEST(LoginRoom, ToComeLateIsNoAdvantageInAFullRoom) {
    // All of one source: whoever came first must not be the one that always goes.
    int stayed = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Room room{seed};
        room.spend("ann", 0);
        const auto owner = room.enter("ann", Source::loopback(), 0);
        for (std::size_t i = 1; i < LoginRoom::kOfNameMax + 100; ++i)
            (void)room.enter("ann", Source::loopback(), 0);
        const auto out = room.refused(kSecond);
        stayed += std::find(out.begin(), out.end(), owner) == out.end() ? 1 : 0;
    }
    EXPECT_GT(stayed, 100);  // 256 of 356 places: 0.67 each, by the lots of those who came after
}

TEST(LoginRoom, NamesNobodyHasKeepNoPlaceFromOneThatIsWaitedFor) {
    Room room;
    room.spend("ann", 0);
    const auto owner = room.enter("ann", remote(8), 0);
    for (std::size_t i = 0; i < 2 * LoginRoom::kWaitingMax; ++i)
        (void)room.enter("nobody" + std::to_string(i % 20), remote(7), 0);
    EXPECT_LE(room.waiting(), LoginRoom::kWaitingMax);
    for (const auto ticket : room.refused(kSecond)) EXPECT_NE(ticket, owner);
}

TEST(LoginRoom, NothingGrowsWithWhatStrangersSend) {
    Room room;
    for (std::size_t i = 0; i < 3'000; ++i) {
        (void)room.enter("nobody" + std::to_string(i), remote(static_cast<std::uint8_t>(i)), 0);
        (void)room.refused(0);
    }
    EXPECT_LE(room.waiting(), LoginRoom::kWaitingMax);
    EXPECT_LE(room.names(), LoginRoom::kWaitingMax + 1);
    while (room.next(0)) {
    }
    (void)room.enter("ann", remote(), 100 * kSecond);
    EXPECT_EQ(room.names(), 1U);
}

TEST(LoginRoom, WhoLeavesTakesNoTurn) {
    Room room;
    room.spend("ann", 0);
    const auto gone = room.enter("ann", remote(), 0);
    const auto here = room.enter("ann", remote(), 0);
    room.leave(gone);
    EXPECT_EQ(room.next(kSecond), here);
    EXPECT_FALSE(room.next(2 * kSecond));
}

TEST(LoginRoom, NobodyWaitsForEver) {
    Room room;
    room.spend("ann", 0);
    const auto ticket = room.enter("ann", remote(), 0);
    EXPECT_TRUE(room.refused(LoginRoom::kLongest - 1).empty());
    EXPECT_EQ(room.refused(LoginRoom::kLongest), std::vector{ticket});
    EXPECT_EQ(room.waiting(), 0U);
}

}  // namespace
}  // namespace cairn
