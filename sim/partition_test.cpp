#include <gtest/gtest.h>

#include <cstdio>

#include "ledger/pool_tables.hpp"
#include "sim/world.hpp"

namespace cairn::sim {
namespace {

constexpr std::size_t kNodes = 8;

std::vector<unsigned> halves() { return {0, 0, 0, 0, 1, 1, 1, 1}; }

BlockHash tip(const Machine& machine) { return machine.node()->ledger().tip().hash; }

void expect_no_failure(const World& world) {
    ASSERT_FALSE(world.failure()) << *world.failure() << "\n" << world.tips();
}

/// Row 27: both halves mine and take transfers, some of them of one sender on both sides.
TEST(Partition, HealsIntoOneTipWithinThirtySecondsAndABlock) {
    Micros worst = 0;
    std::size_t returned = 0, dropped = 0;
    for (const auto how : {Network::Cut::resets, Network::Cut::stalls}) {
        for (const Micros lasts : {20 * kSecond, 45 * kSecond, 200 * kSecond}) {
            for (std::uint64_t seed = 1; seed <= 4; ++seed) {
                SCOPED_TRACE("seed " + std::to_string(seed) + ", " +
                             std::to_string(lasts / kSecond) + " s, " +
                             (how == Network::Cut::resets ? "resets" : "stalls"));
                World world{seed, simulated_spec(), 6};
                for (std::size_t i = 0; i < kNodes; ++i) world.add();
                world.start_all();
                world.connect_all();
                world.mine(world.machine(0));
                world.run_for(2 * kSecond);
                world.network().cut(halves(), how);
                // Transfers of the losing side that its last block leaves out wait in its pool.
                for (std::size_t i = 0; i < 12; ++i) {
                    world.senders().send(world.machine(0));
                    world.senders().send(world.machine(7));
                    world.run_for(100 * kMillisecond);
                    if (i % 3 == 0) world.mine(world.machine(1));
                    if (i % 2 == 0) world.mine(world.machine(5));
                    expect_no_failure(world);
                }
                world.run_for(lasts);
                EXPECT_NE(tip(world.machine(0)), tip(world.machine(7)));
                const auto losers = world.machine(0).node()->ledger().tip().height;

                world.network().heal();
                const auto healed = world.scheduler().now();
                ASSERT_TRUE(world.mine(world.machine(5)));
                ASSERT_TRUE(world.run_until([&] { return world.has_one_tip(); }, 30 * kSecond))
                    << world.tips();
                worst = std::max(worst, world.scheduler().now() - healed);
                EXPECT_EQ(tip(world.machine(0)), tip(world.machine(5)));
                EXPECT_EQ(world.deepest(), losers - 2);  // all they had found by themselves

                // What the losers had mined waits again, or is told as dropped.
                for (const auto& sent : world.senders().acknowledged()) {
                    if (sent.at != 0) continue;
                    const Node& node = *world.machine(0).node();
                    const auto gone = tables::dropped(node.rows(), sent.transfer->id());
                    if (gone) {
                        EXPECT_FALSE(gone->reason.empty());
                        ++dropped;
                    } else if (node.pool().find(sent.transfer->id())) {
                        ++returned;
                    }
                }
                world.check_settled();
                expect_no_failure(world);
                ASSERT_TRUE(world.mine(world.machine(2)));
                ASSERT_TRUE(world.run_until(
                    [&] { return world.has_one_tip() && world.has_one_pool(); }, 30 * kSecond))
                    << world.tips();
                world.check_settled();
                expect_no_failure(world);
            }
        }
    }
    EXPECT_GT(returned, 0U);
    EXPECT_GT(dropped, 0U);
    std::printf(
        "one tip at worst %.1f s after the heal; %zu transfers back in a pool, %zu dropped\n",
        static_cast<double>(worst) / 1e6, returned, dropped);
}

/// Row 26.
TEST(EqualWork, KeepsTheTipThatWasSeenFirst) {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        World world{seed, simulated_spec(), 2};
        Machine& a = world.add();
        Machine& b = world.add();
        world.start_all();
        world.connect_all();
        world.network().cut({0, 1}, Network::Cut::stalls);
        ASSERT_TRUE(world.mine(a));
        ASSERT_TRUE(world.mine(b));
        const auto of_a = tip(a), of_b = tip(b);
        ASSERT_NE(of_a, of_b);
        world.network().heal();
        world.run_for(20 * kSecond);
        EXPECT_EQ(tip(a), of_a);
        EXPECT_EQ(tip(b), of_b);
        // Also over a restart, which reads it from the disk.
        a.kill();
        world.run_for(kSecond);
        a.start();
        world.run_for(20 * kSecond);
        EXPECT_EQ(tip(a), of_a);

        ASSERT_TRUE(world.mine(b));
        ASSERT_TRUE(world.run_until([&] { return world.has_one_tip(); }, 30 * kSecond));
        EXPECT_EQ(world.deepest(), 1U);
        world.check_settled();
        expect_no_failure(world);
    }
}

/// Row 25: every round ends with each node's rows held against a replay from genesis.
TEST(Reorganisation, OfAnyDepthEndsInTheStateOfAReplay) {
    std::uint64_t rounds = 0, deepest = 0;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        World world{seed, simulated_spec(), 6};
        Machine& a = world.add();
        Machine& b = world.add();
        world.start_all();
        world.connect_all();
        for (int round = 0; round < 8; ++round) {
            const auto depth = world.random().once_in(6) ? world.random().between(30, 120)
                                                         : world.random().between(1, 8);
            SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round) +
                         ", depth " + std::to_string(depth));
            Machine& loser = round % 2 == 0 ? a : b;
            Machine& winner = round % 2 == 0 ? b : a;
            world.network().cut({0, 1}, Network::Cut::stalls);
            for (std::uint64_t i = 0; i <= depth; ++i) {
                world.senders().send(loser);
                world.senders().send(winner);
                if (i < depth) {
                    ASSERT_TRUE(world.mine(loser));
                }
                ASSERT_TRUE(world.mine(winner));
            }
            const auto before = world.disconnected();
            world.network().heal();
            ASSERT_TRUE(world.run_until([&] { return world.has_one_tip(); }, 60 * kSecond))
                << world.tips();
            EXPECT_EQ(tip(loser), tip(winner));
            EXPECT_EQ(world.disconnected() - before, depth);
            world.check_settled();
            expect_no_failure(world);
            ++rounds;
            deepest = std::max(deepest, depth);
        }
    }
    std::printf("%llu reorganisations, the deepest of %llu blocks\n",
                static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(deepest));
}

TEST(GossipOff, LeavesTheConflictToResolve) {
    World world{1, simulated_spec(), 2};
    MachineOptions quiet;
    quiet.gossip = false;
    Machine& a = world.add(quiet);
    Machine& b = world.add(quiet);
    world.start_all();
    for (Machine* machine : {&a, &b}) machine->set_mining(true);
    a.register_nodes({b.address().to_string()}, 5'000);
    b.register_nodes({a.address().to_string()}, 5'000);
    world.run_for(10 * kSecond);
    ASSERT_TRUE(a.registered() && b.registered());
    EXPECT_TRUE(a.registered()->usable);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(world.mine(a));
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(world.mine(b));
    world.run_for(60 * kSecond);
    EXPECT_EQ(a.node()->ledger().tip().height, 4U);

    b.resolve(30'000);
    world.run_for(30 * kSecond);
    ASSERT_TRUE(b.resolved());
    EXPECT_FALSE(b.resolved()->replaced);
    a.resolve(30'000);
    world.run_for(30 * kSecond);
    ASSERT_TRUE(a.resolved());
    EXPECT_TRUE(a.resolved()->replaced);
    EXPECT_EQ(tip(a), tip(b));
    world.check_settled();
    expect_no_failure(world);
}

}  // namespace
}  // namespace cairn::sim
