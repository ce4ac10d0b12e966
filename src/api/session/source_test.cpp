#include "api/session/source.hpp"

#include <gtest/gtest.h>

namespace cairn {
namespace {

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

}  // namespace
}  // namespace cairn
