#include "cli/commands/follower.hpp"

#include <gtest/gtest.h>

namespace cairn::cli {
namespace {

using Hashes = std::vector<std::string>;

/// A chain as a node tells it: index 1 is genesis.
struct Best {
    Hashes hashes{"genesis"};
    int asked = 0;

    Best& to(std::size_t length, const std::string& branch) {
        while (hashes.size() < length) hashes.push_back(branch + std::to_string(hashes.size() + 1));
        return *this;
    }
    [[nodiscard]] SeenBlock at(std::uint64_t index) const {
        return {index, hashes[index - 1], index > 1 ? hashes[index - 2] : "", "0", 1};
    }
    Follower::HashAt operator()(std::uint64_t index) {
        ++asked;
        return {true, index <= hashes.size() ? hashes[index - 1] : ""};
    }
};

Follower at_tip(const Best& best, std::uint64_t first = 1) {
    return {"genesis",
            first,
            {best.hashes.begin() + static_cast<std::ptrdiff_t>(first - 1), best.hashes.end()}};
}

TEST(Follower, GoesOnOnlyWithTheBlockThatFollows) {
    const Best best = Best{}.to(5, "a");
    Follower follower = at_tip(Best{}.to(3, "a"));
    EXPECT_FALSE(follower.extend(best.at(5)));
    EXPECT_FALSE(follower.extend(best.at(3)));
    EXPECT_TRUE(follower.extend(best.at(4)));
    EXPECT_EQ(follower.tip(), "a4");
    EXPECT_EQ(follower.index(), 4U);
    EXPECT_TRUE(follower.extend(best.at(5)));
    EXPECT_FALSE(follower.extend(Best{}.to(5, "a").to(6, "b").at(5)));
}

TEST(Follower, RefusesABlockOfTheRightHeightOnAnotherBranch) {
    Follower follower = at_tip(Best{}.to(3, "a"));
    EXPECT_FALSE(follower.extend(Best{}.to(4, "b").at(4)));
}

TEST(Follower, StepsBackToTheLastSharedBlock) {
    for (std::size_t shared = 1; shared <= 20; ++shared) {
        Follower follower = at_tip(Best{}.to(20, "a"));
        Best best = Best{}.to(shared, "a").to(22, "b");
        EXPECT_EQ(follower.step_back(std::ref(best)), 20 - shared);
        EXPECT_EQ(follower.index(), shared);
        EXPECT_EQ(follower.tip(), best.hashes[shared - 1]);
        EXPECT_LE(best.asked, 6);
    }
}

TEST(Follower, StepsBackOnAShorterChain) {
    Follower follower = at_tip(Best{}.to(20, "a"));
    Best best = Best{}.to(7, "a");
    EXPECT_EQ(follower.step_back(std::ref(best)), 13U);
    EXPECT_EQ(follower.tip(), "a7");
}

TEST(Follower, BelowWhatItKnowsGoesBackToGenesis) {
    Follower follower = at_tip(Best{}.to(20, "a"), 15);
    Best best = Best{}.to(10, "a").to(30, "b");
    EXPECT_EQ(follower.step_back(std::ref(best)), 19U);
    EXPECT_EQ(follower.index(), 1U);
    EXPECT_EQ(follower.tip(), "genesis");
    EXPECT_TRUE(follower.extend(best.at(2)));
}

TEST(Follower, StaysWhereItIsWhenTheNodeDoesNotAnswer) {
    Follower follower = at_tip(Best{}.to(20, "a"));
    EXPECT_FALSE(follower.step_back([](std::uint64_t) { return Follower::HashAt{false, {}}; }));
    EXPECT_EQ(follower.tip(), "a20");
}

TEST(Follower, KnowsSoManyBlocksAndNoMore) {
    const Best best = Best{}.to(Follower::kKnownMax + 5, "a");
    Follower follower = at_tip(Best{});
    for (std::uint64_t i = 2; i <= best.hashes.size(); ++i)
        ASSERT_TRUE(follower.extend(best.at(i)));
    EXPECT_EQ(follower.index(), best.hashes.size());
    Best other = Best{}.to(6, "a").to(best.hashes.size() + 1, "b");
    EXPECT_EQ(follower.step_back(std::ref(other)), best.hashes.size() - 6);
    EXPECT_EQ(follower.index(), 6U);
}

}  // namespace
}  // namespace cairn::cli
