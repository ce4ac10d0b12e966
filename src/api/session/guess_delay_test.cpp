#include "api/session/guess_delay.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

constexpr Tick kSecond = 1000;
constexpr Tick kMinute = 60 * kSecond;
constexpr Tick kHour = 60 * kMinute;

Source remote(std::uint8_t last = 1) { return Source::of_v4({192, 0, 2, last}); }

/// Makes `count` failed attempts, each as soon as it is admitted; the time after the last.
Tick fail_times(GuessDelay& guesses, std::string_view name, const Source& source, int count,
                Tick now) {
    for (int i = 0; i < count; ++i) {
        now += guesses.wait(name, source, now);
        EXPECT_EQ(guesses.admit(name, source, now), 0U);
    }
    return now;
}

TEST(Source, LoopbackIsOneHoweverItIsWritten) {
    std::array<std::uint8_t, 16> one{};
    one[15] = 1;
    std::array<std::uint8_t, 16> mapped{};
    mapped[10] = mapped[11] = 0xff;
    mapped[12] = 127;
    mapped[15] = 9;
    EXPECT_TRUE(Source::of_v4({127, 0, 0, 1}).is_loopback());
    EXPECT_TRUE(Source::of_v4({127, 9, 9, 9}).is_loopback());
    EXPECT_TRUE(Source::of_v6(one).is_loopback());
    EXPECT_TRUE(Source::of_v6(mapped).is_loopback());
    EXPECT_FALSE(Source::of_v4({128, 0, 0, 1}).is_loopback());
    EXPECT_FALSE(Source::of_v4({0, 0, 0, 0}).is_loopback());
    EXPECT_FALSE(Source::of_v6({}).is_loopback());
}

TEST(Source, AnIpv6SubscriberIsOne) {
    std::array<std::uint8_t, 16> a = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8};
    auto b = a;
    b[15] = 9;
    auto c = a;
    c[7] = 2;
    EXPECT_EQ(Source::of_v6(a), Source::of_v6(b));
    EXPECT_NE(Source::of_v6(a), Source::of_v6(c));
}

TEST(GuessDelay, ThreeFailuresAreFreeThenItDoublesToTheCap) {
    GuessDelay guesses;
    for (const auto& [source, cap] : {std::pair{Source::loopback(), GuessDelay::kLoopback.max_ms},
                                      {remote(), GuessDelay::kPair.max_ms}}) {
        Tick now = 0;
        EXPECT_EQ(guesses.admit("alice", source, now), 0U);
        EXPECT_EQ(guesses.admit("alice", source, now), 0U);
        EXPECT_EQ(guesses.admit("alice", source, now), 0U);
        Tick expected = kSecond;
        for (int i = 0; i < 40; ++i, expected = std::min(expected * 2, cap)) {
            EXPECT_EQ(guesses.wait("alice", source, now), expected) << i;
            EXPECT_EQ(guesses.wait("alice", source, now + expected - 1), 1U);
            EXPECT_EQ(guesses.admit("alice", source, now + expected - 1), 1U);
            now += expected;
            ASSERT_EQ(guesses.admit("alice", source, now), 0U);
        }
    }
}

TEST(GuessDelay, ARefusedAttemptAddsNothing) {
    GuessDelay guesses;
    const auto now = fail_times(guesses, "alice", remote(), 3, 0);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(guesses.admit("alice", remote(), now), kSecond);
    EXPECT_EQ(guesses.wait("alice", remote(), now + kSecond), 0U);
}

TEST(GuessDelay, AttemptsAtOnceCountBeforeTheyFail) {
    GuessDelay guesses;
    int admitted = 0;
    for (int i = 0; i < 1000; ++i) admitted += guesses.admit("alice", remote(), 0) == 0 ? 1 : 0;
    EXPECT_EQ(admitted, 3);
}

TEST(GuessDelay, SuccessClearsThePair) {
    GuessDelay guesses;
    const auto now = fail_times(guesses, "alice", remote(), 6, 0);
    const auto later = now + guesses.wait("alice", remote(), now);
    EXPECT_EQ(guesses.admit("alice", remote(), later), 0U);
    guesses.succeeded("alice", remote(), later);
    EXPECT_EQ(guesses.wait("alice", remote(), later), 0U);
    fail_times(guesses, "alice", remote(), 2, later);
    EXPECT_EQ(guesses.wait("alice", remote(), later), 0U);
}

TEST(GuessDelay, OtherNamesAndSourcesAreNotDelayed) {
    GuessDelay guesses;
    const auto now = fail_times(guesses, "alice", remote(1), 4, 0);
    EXPECT_GT(guesses.wait("alice", remote(1), now), 0U);
    EXPECT_EQ(guesses.wait("alice", remote(2), now), 0U);
    EXPECT_EQ(guesses.wait("bob", remote(1), now), 0U);
}

TEST(GuessDelay, ANameIsTheSameInAnyCase) {
    GuessDelay guesses;
    const auto now = fail_times(guesses, "alice", remote(), 4, 0);
    EXPECT_GT(guesses.wait("ALICE", remote(), now), 0U);
}

TEST(GuessDelay, ManySourcesDelayOneAnotherOverTheName) {
    GuessDelay guesses;
    for (std::uint8_t i = 0; i < 10; ++i) EXPECT_EQ(guesses.admit("alice", remote(i), 0), 0U);
    EXPECT_EQ(guesses.wait("alice", remote(99), 0), kSecond);
    EXPECT_EQ(guesses.wait("bob", remote(99), 0), 0U);
}

TEST(GuessDelay, LoopbackWaitsForNobodyElse) {
    GuessDelay guesses;
    for (std::uint8_t i = 0; i < 100; ++i) (void)guesses.admit("alice", remote(i), 0);
    ASSERT_GT(guesses.wait("alice", remote(200), 0), 0U);
    EXPECT_EQ(guesses.wait("alice", Source::loopback(), 0), 0U);
    EXPECT_EQ(guesses.admit("alice", Source::loopback(), 0), 0U);
}

TEST(GuessDelay, LoopbackFailuresDelayNoOtherMachine) {
    GuessDelay guesses;
    const auto now = fail_times(guesses, "alice", Source::loopback(), 20, 0);
    EXPECT_EQ(guesses.wait("alice", remote(), now), 0U);
}

TEST(GuessDelay, ASourceThatHasLoggedInWaitsForItsOwnFailuresOnly) {
    GuessDelay guesses;
    ASSERT_EQ(guesses.admit("alice", remote(1), 0), 0U);
    guesses.succeeded("alice", remote(1), 0);
    for (std::uint8_t i = 2; i < 100; ++i) (void)guesses.admit("alice", remote(i), 0);
    ASSERT_GT(guesses.wait("alice", remote(200), 0), 0U);
    EXPECT_EQ(guesses.wait("alice", remote(1), 0), 0U);
    const auto now = fail_times(guesses, "alice", remote(1), 4, 0);
    EXPECT_GT(guesses.wait("alice", remote(1), now), 0U);
}

TEST(GuessDelay, FailuresAreForgottenAnHourAfterTheLast) {
    GuessDelay guesses;
    auto now = fail_times(guesses, "alice", remote(), 5, 0);
    EXPECT_EQ(guesses.admit("alice", remote(), now + kHour), 0U);
    EXPECT_EQ(guesses.wait("alice", remote(), now + kHour), 0U);

    GuessDelay other;
    now = fail_times(other, "alice", remote(), 5, 0);
    EXPECT_EQ(other.admit("alice", remote(), now + kHour - 1), 0U);
    EXPECT_GT(other.wait("alice", remote(), now + kHour - 1), 0U);
}

TEST(GuessDelay, AHundredMachinesGetAtMostAHundredTriesAnHour) {
    GuessDelay guesses;
    int admitted = 0;
    for (Tick now = 0; now < kHour; now += 7)  // 143 a second, from 100 sources in turn
        if (guesses.admit("alice", remote(static_cast<std::uint8_t>(now % 100)), now) == 0)
            ++admitted;
    EXPECT_LE(admitted, 100);
    EXPECT_GE(admitted, 10);
}

TEST(GuessDelay, TablesStayBoundedAndKeepWhatIsUsed) {
    GuessDelay guesses;
    auto now = fail_times(guesses, "alice", Source::loopback(), 10, 0);
    for (std::size_t i = 0; i < GuessDelay::kPairsMax - 1; ++i)
        ASSERT_EQ(guesses.admit("guess" + std::to_string(i), Source::loopback(), now), 0U);
    EXPECT_GT(guesses.wait("alice", Source::loopback(), now), 0U);
    ASSERT_EQ(guesses.admit("one more", Source::loopback(), now), 0U);
    EXPECT_EQ(guesses.wait("alice", Source::loopback(), now), 0U);  // was the least recently used
}

TEST(GuessDelay, VeryLongNamesTakeNoMoreRoom) {
    GuessDelay guesses;
    const std::string name(1'000'000, 'x');
    const auto now = fail_times(guesses, name, remote(), 4, 0);
    EXPECT_GT(guesses.wait(name + "y", remote(), now), 0U);
    EXPECT_EQ(guesses.wait(std::string(64, 'x'), remote(), now), 0U);
}

}  // namespace
}  // namespace cairn
