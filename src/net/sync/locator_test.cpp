#include "net/sync/locator.hpp"

#include <gtest/gtest.h>

#include "net/limits.hpp"

namespace cairn::net {
namespace {

BlockHash numbered(Height height) {
    BlockHash hash;
    for (std::size_t i = 0; i < 8; ++i)
        hash.bytes[i] = static_cast<std::uint8_t>(height >> (8 * i));
    return hash;
}

std::vector<Height> heights(Height top) {
    std::vector<Height> visited;
    for (const auto& hash : make_locator(top, numbered)) {
        Height height = 0;
        for (std::size_t i = 8; i-- > 0;) height = height << 8 | hash.bytes[i];
        visited.push_back(height);
    }
    return visited;
}

TEST(Locator, TakesTenOneByOneThenDoublesAndEndsInGenesis) {
    EXPECT_EQ(heights(100), (std::vector<Height>{100, 99, 98, 97, 96, 95, 94, 93, 92, 91, 89, 85,
                                                 77, 61, 29, 1}));
}

TEST(Locator, OfAShortChainIsAllOfIt) {
    EXPECT_EQ(heights(1), (std::vector<Height>{1}));
    EXPECT_EQ(heights(4), (std::vector<Height>{4, 3, 2, 1}));
}

TEST(Locator, StaysFarBelowItsLimitAtAnyHeight) {
    EXPECT_EQ(heights(100'000).back(), 1U);
    EXPECT_LE(heights(UINT32_MAX).size(), 45U);
    EXPECT_LE(heights(UINT64_MAX).size(), limits::kLocator);
}

TEST(Locator, LeavesOutHeightsThatAreNotKnown) {
    const auto locator = make_locator(20, [](Height height) -> std::optional<BlockHash> {
        if (height > 12) return std::nullopt;
        return numbered(height);
    });
    EXPECT_EQ(locator.front(), numbered(12));
    EXPECT_EQ(locator.back(), numbered(1));
}

}  // namespace
}  // namespace cairn::net
