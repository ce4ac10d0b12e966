#include <gtest/gtest.h>

#include "node/testing/world.hpp"

namespace cairn {
namespace {

using testing::BlockWish;
using testing::nobody;
using testing::World;

/// A block that pays to key `to`.
BlockWish paying(World& world, std::uint64_t to) {
    BlockWish wish;
    wish.to = world.chain.keys().address(to);
    return wish;
}

TEST(Network, TwoThatAreRegisteredShareBlocksAndTransfers) {
    World world{2};
    const auto outcome = world.register_at(0, {world.at(1)});
    ASSERT_EQ(outcome.nodes.size(), 1u);
    EXPECT_TRUE(outcome.nodes[0].connected);
    EXPECT_EQ(outcome.nodes[0].detail, "stored; connected");
    EXPECT_EQ(outcome.total_nodes, std::vector{world.at(1)});
    EXPECT_TRUE(outcome.usable);
    EXPECT_EQ(world.node(0).peers_connected(), 1u);
    EXPECT_EQ(world.node(1).peers_connected(), 1u);

    world.mine(0, paying(world, 1));
    EXPECT_EQ(world.tip(1), world.tip(0));
    world.mine(1);
    EXPECT_EQ(world.tip(1), world.tip(0));
    const auto transfer = world.chain.transfer(world.tip(0), 1, nobody(9), 5, 1);
    ASSERT_TRUE(world.node(1).submit(transfer, world.now));
    world.run();
    EXPECT_TRUE(world.node(0).pool().find(transfer->id()));
}

TEST(Network, WhoComesLaterGetsTheChainAndThePool) {
    World world{2};
    for (int i = 0; i < 40; ++i) world.mine(0, paying(world, 1));
    const auto transfer = world.chain.transfer(world.tip(0), 1, nobody(9), 5, 1);
    ASSERT_TRUE(world.node(0).submit(transfer, world.now));
    world.run();
    world.register_at(1, {world.at(0)});
    world.pass(20'000);
    EXPECT_EQ(world.tip(1), world.tip(0));
    EXPECT_TRUE(world.node(1).pool().find(transfer->id()));
    EXPECT_EQ(world[1].bodies_asked, 40u);
}

TEST(Network, AFourthLearnsTheOthersFromTheOneItRegisters) {
    World world{4};
    world.register_at(0, {world.at(1), world.at(2)});
    world.register_at(1, {world.at(2)});
    world.register_at(3, {world.at(0)});
    world.pass(3'000);
    for (const std::size_t other : {0U, 1U, 2U}) EXPECT_TRUE(world.wired(3, other)) << other;
    EXPECT_EQ(world.node(3).registered().size(), 1u);
    // What it learnt it finds again after a restart of the process, also without the first.
    world.open(3);
    world.cut(3, 0);
    world.pass(3'000);
    for (const std::size_t other : {1U, 2U}) EXPECT_TRUE(world.wired(3, other)) << other;
}

TEST(Network, ALineAcrossWhichABlockTravels) {
    World world{5};
    // Nobody learns a way around: the others are cut off from each other.
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t j = i + 2; j < 5; ++j) world.cut(i, j);
    for (std::size_t i = 0; i + 1 < 5; ++i) world.register_at(i, {world.at(i + 1)});
    world.mine(0, paying(world, 1));
    EXPECT_EQ(world.tip(4), world.tip(0));
    const auto transfer = world.chain.transfer(world.tip(0), 1, nobody(9), 5, 1);
    ASSERT_TRUE(world.node(4).submit(transfer, world.now));
    world.run();
    EXPECT_TRUE(world.node(0).pool().find(transfer->id()));
}

TEST(Network, OfTwoConnectionsOneStaysAndBothSidesAgree) {
    World world{2};
    // Both dial before either has heard of the other.
    world.node(0).register_nodes(1, {world.at(1)}, world.now.steady + 5'000, world.now);
    world.node(1).register_nodes(1, {world.at(0)}, world.now.steady + 5'000, world.now);
    world.run();
    ASSERT_EQ(world[0].wires.size(), 1u);
    EXPECT_EQ(world.node(0).peers_connected(), 1u);
    EXPECT_EQ(world.node(1).peers_connected(), 1u);
    const bool first_is_smaller = world[0].options.peers.key < world[1].options.peers.key;
    EXPECT_EQ(world.node(0).nodes(world.now)[0].outbound, first_is_smaller);
    EXPECT_EQ(world.node(1).nodes(world.now)[0].outbound, !first_is_smaller);
    EXPECT_TRUE(world[0].registered.at(0).outcome.nodes.at(0).connected);
    EXPECT_TRUE(world[1].registered.at(0).outcome.nodes.at(0).connected);
    const auto dials = world[0].dials.size() + world[1].dials.size();
    world.pass(120'000);
    EXPECT_EQ(world[0].dials.size() + world[1].dials.size(), dials);
    world.mine(0);
    EXPECT_EQ(world.tip(1), world.tip(0));
}

TEST(Network, ACutThatHealsLeavesOneTipAndTheLosersTransfersInThePool) {
    World world{2};
    world.register_at(0, {world.at(1)});
    world.mine(0, paying(world, 1));
    world.mine(0, paying(world, 2));
    const auto common = world.tip(0);
    world.cut(0, 1);
    world.run();
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
    const auto transfer = world.chain.transfer(common, 1, nobody(9), 5, 1);
    BlockWish with;
    with.transfers = {transfer};
    world.mine(0, with);
    for (int i = 0; i < 3; ++i) world.mine(1);
    EXPECT_NE(world.tip(0), world.tip(1));
    world.pass(5'000);
    world.heal();
    world.pass(30'000);
    EXPECT_EQ(world.tip(0), world.tip(1));
    EXPECT_TRUE(world.node(0).pool().find(transfer->id()));
    EXPECT_TRUE(world.node(1).pool().find(transfer->id()));
}

TEST(Network, EqualWorkSwitchesNobody) {
    World world{2};
    world.mine(0);
    world.mine(1);
    const auto a = world.tip(0);
    const auto b = world.tip(1);
    world.register_at(0, {world.at(1)});
    world.pass(10'000);
    EXPECT_EQ(world.tip(0), a);
    EXPECT_EQ(world.tip(1), b);
    world.mine(1);
    EXPECT_EQ(world.tip(0), world.tip(1));
}

TEST(Network, ARestartedNodeIsSilentUntilItIsAskedToSpeak) {
    World world{2};
    world.register_at(0, {world.at(1)});
    world.mine(0);
    ASSERT_TRUE(world.node(0).restart(world.now));
    world.run();
    EXPECT_EQ(world.tip(0), world.chain.genesis());
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
    EXPECT_EQ(world.node(0).nodes(world.now).at(0).state, "silent");
    // Its own dials rest, others are turned away, over a restart of the process too.
    world.register_at(1, {world.at(0)});
    world.open(0);
    world[0].dials.clear();
    world.pass(60'000);
    EXPECT_TRUE(world[0].dials.empty());
    EXPECT_EQ(world.tip(0), world.chain.genesis());
    EXPECT_EQ(world.node(0).registered().size(), 1u);
    const auto guest = world.open(0, world.stranger(5));
    EXPECT_EQ(world.why_closed(0, guest),
              "this node was restarted and takes no peers until /nodes/register or /nodes/resolve");
    const auto outcome = world.resolve_at(0);
    EXPECT_TRUE(outcome.replaced);
    EXPECT_EQ(world.tip(0), world.tip(1));
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(5))), "");
}

TEST(Network, ABodyThatWasOnItsWayDoesNotBringTheOldChainBack) {
    World world{1};
    const auto block = world.chain.extend(world.chain.genesis());
    const auto guest = world.open(0, world.stranger(5));
    ASSERT_TRUE(world.node(0).restart(world.now));
    world.node(0).on_checked(
        {guest, {net::ItemKind::block, digest_cast<Hash256>(block->header.hash)}, block},
        world.now);
    world.run();
    EXPECT_EQ(world.tip(0), world.chain.genesis());
}

TEST(Network, ConnectEndsTheSilenceAtStart) {
    World world{2};
    ASSERT_TRUE(world.node(0).restart(world.now));
    world.run();
    world[0].options.peers.connect = {world[1].address};
    world.open(0);
    world.pass(1'000);
    EXPECT_TRUE(world.wired(0, 1));
    EXPECT_TRUE(world.node(0).registered().empty());
    const auto listed = world.node(0).nodes(world.now);
    ASSERT_EQ(listed.size(), 1u);
    EXPECT_FALSE(listed[0].registered);
    EXPECT_TRUE(listed[0].connected);
}

TEST(Network, ABlockOfAnUnknownHeaderIsNoAccident) {
    World world{1};
    const auto first = world.chain.extend(world.chain.genesis());
    const auto block = world.chain.extend(first->header.hash);
    const net::Item what{net::ItemKind::block, digest_cast<Hash256>(block->header.hash)};
    world.node(0).on_checked({99, what, block}, world.now);
    world.node(0).on_checked({99, what, Rejection{Rule::signature, "", ""}}, world.now);
    world.run();
    EXPECT_EQ(world.tip(0), world.chain.genesis());
}

TEST(Network, ViewsTellHowManyPeersThereAre) {
    World world{1};
    const auto before = world.node(0).commit(world.now)->view;
    EXPECT_EQ(before->peers, 0u);
    world.node(0).on_open(7, world.stranger(5), world.now);
    const auto after = world.node(0).commit(world.now)->view;
    EXPECT_EQ(after->peers, 1u);
    EXPECT_EQ(after->generation, before->generation);
    EXPECT_EQ(world.node(0).commit(world.now)->view, after);
    // Actions alone are told with the view as it was.
    world.node(0).on_message(7, net::Ping{1}, world.now);
    const auto committed = world.node(0).commit(world.now);
    EXPECT_EQ(committed->view, after);
    EXPECT_EQ(committed->actions.size(), 1u);
}

TEST(Network, NothingLeavesIfTheWriteFails) {
    World world{2};
    world.register_at(0, {world.at(1)});
    world[0].store.faults().writes = 0;
    const auto block = world.chain.extend(world.tip(0));
    ASSERT_TRUE(world.node(0).submit(block, world.now));
    EXPECT_FALSE(world.node(0).commit(world.now));
    world[0].store.faults().writes.reset();
    world.open(0);
    world.run();
    EXPECT_EQ(world.tip(1), world.chain.genesis());
}

}  // namespace
}  // namespace cairn
