#include <gtest/gtest.h>

#include "sim/world.hpp"

namespace cairn::sim {
namespace {

/// Two nodes that grew apart, one by `depth` blocks and the other by a few more.
struct Apart {
    explicit Apart(std::size_t depth, MachineOptions loser_options)
        : world{7, simulated_spec(), 6}, loser{world.add(loser_options)}, winner{world.add()} {
        world.start_all();
        world.connect_all();
        world.network().cut({0, 1}, Network::Cut::stalls);
        for (std::size_t i = 0; i < depth; ++i) EXPECT_TRUE(world.mine(loser));
        for (std::size_t i = 0; i < depth + 3; ++i) EXPECT_TRUE(world.mine(winner));
        before = loser.node()->ledger().tip().hash;
        world.network().heal();
    }
    [[nodiscard]] bool switched() const {
        return loser.node() &&
               loser.node()->ledger().tip().hash == winner.node()->ledger().tip().hash;
    }

    World world;
    Machine& loser;
    Machine& winner;
    BlockHash before;
};

/// A switch that is many slices long, with others' commands between.
TEST(DeepSwitch, LeavesCommandsTheirTurn) {
    for (const std::size_t overlay : {Ledger::kOverlayMax, std::size_t{8'192}}) {
        MachineOptions options;
        options.ledger = {overlay, 30};
        options.slowness = 50;  // a block takes it 5 ms
        Apart apart{200, options};
        World& world = apart.world;
        Micros longest_wait = 0;
        std::size_t between = 0;
        while (!apart.switched() && !world.failure()) {
            bool heard = false;
            const Micros asked = world.scheduler().now();
            ASSERT_TRUE(apart.loser.post(
                Lane::transfers, {[&](Node& node, Now) { between += node.has_more() ? 1 : 0; },
                                  [&](bool durable) { heard = durable; }}));
            ASSERT_TRUE(world.run_until([&] { return heard; }, 60 * kSecond));
            longest_wait = std::max(longest_wait, world.scheduler().now() - asked);
            world.run_for(20 * kMillisecond);
        }
        ASSERT_FALSE(world.failure()) << *world.failure();
        EXPECT_GT(between, 10U);
        // A slice of 30 rows is ten blocks or so.
        EXPECT_LE(longest_wait, 200 * kMillisecond);
        EXPECT_EQ(world.deepest() >= 200, overlay == Ledger::kOverlayMax);
        world.check_settled();
        EXPECT_FALSE(world.failure()) << *world.failure();
    }
}

/// While a node is at work by itself it hears nobody, and that is nobody's fault.
TEST(DeepSwitch, IsNotChargedToThoseWhoServeIt) {
    World world{7, simulated_spec(), 2};
    Machine& loser = world.add();
    Machine& winner = world.add();
    world.add();  // who serves the same
    world.start_all();
    world.connect_all();
    world.network().cut({0, 1, 1}, Network::Cut::stalls);
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(world.mine(loser));
    for (int i = 0; i < 140; ++i) ASSERT_TRUE(world.mine(winner));
    loser.set_slowness(10'000);  // a second a block
    world.network().heal();
    ASSERT_TRUE(world.run_until(
        [&] {
            return loser.node() &&
                   loser.node()->ledger().tip().hash == winner.node()->ledger().tip().hash;
        },
        3'600 * kSecond))
        << world.tips();
    for (const auto& [connection, why] : loser.closed())
        if (why != "another connection to the same node stays") ADD_FAILURE() << why;
}

}  // namespace
}  // namespace cairn::sim
