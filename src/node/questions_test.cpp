#include <gtest/gtest.h>

#include "net/limits.hpp"
#include "node/testing/world.hpp"

namespace cairn {
namespace {

namespace limits = net::limits;
using testing::BlockWish;
using testing::nobody;
using testing::World;

TEST(Register, ReportsEachEntryInItsOrderAndStoresWhatMayBeANode) {
    World world{2};
    const auto outcome =
        world.register_at(0, {"http://" + world.at(1) + "/", "127.0.0.1:6001", "file:///etc/passwd",
                              "", "169.254.169.254:80", world.at(1), world.at(0)});
    ASSERT_EQ(outcome.nodes.size(), 7u);
    EXPECT_EQ(outcome.nodes[0].address, world.at(1));
    EXPECT_TRUE(outcome.nodes[0].connected);
    EXPECT_FALSE(outcome.nodes[1].connected);
    EXPECT_EQ(outcome.nodes[1].detail, "stored; nobody listens there; it will be dialled again");
    EXPECT_EQ(outcome.nodes[2].address, "file:///etc/passwd");
    for (const std::size_t i : {2U, 3U, 4U, 6U})
        EXPECT_EQ(outcome.nodes[i].detail.substr(0, 12), "not stored: ") << i;
    EXPECT_EQ(outcome.nodes[5].detail, "stored; connected");
    EXPECT_EQ(outcome.nodes[6].detail, "not stored: that is this node itself");
    EXPECT_EQ(outcome.total_nodes, (std::vector<std::string>{world.at(1), "127.0.0.1:6001"}));
    EXPECT_TRUE(outcome.usable);
    // What is stored is there after a restart of the process, in the same order.
    world.open(0);
    EXPECT_EQ(world.node(0).registered(),
              (std::vector<net::NodeAddress>{{"127.0.0.1", 5002}, {"127.0.0.1", 6001}}));
}

TEST(Register, OfNothingUsableStoresNothing) {
    World world{1};
    const auto outcome = world.register_at(0, {"no port:x", world.at(0)});
    EXPECT_FALSE(outcome.usable);
    EXPECT_TRUE(outcome.total_nodes.empty());
    EXPECT_TRUE(world.node(0).registered().empty());
    // Nobody has proven that: it is looked at again.
    world[0].dials.clear();
    EXPECT_EQ(world.register_at(0, {world.at(0)}).nodes[0].detail,
              "not stored: that is this node itself");
    EXPECT_EQ(world[0].dials.size(), 1u);
    EXPECT_TRUE(world.register_at(0, {}).nodes.empty());
}

TEST(Register, StoresNoNodeOfAnotherChain) {
    World world{1};
    world.odd_ports[7000] = {"it is a node of another chain", net::DialFault::other_chain};
    world.odd_ports[7001] = {"it answers, but is no Cairn node", net::DialFault::unreachable};
    const auto outcome = world.register_at(0, {"127.0.0.1:7000", "127.0.0.1:7001"});
    EXPECT_EQ(outcome.nodes[0].detail, "not stored: it is a node of another chain");
    EXPECT_EQ(outcome.nodes[1].detail,
              "stored; it answers, but is no Cairn node; it will be dialled again");
    EXPECT_EQ(outcome.total_nodes, std::vector<std::string>{"127.0.0.1:7001"});
}

/// While a registered node is down, anybody may answer at its address and say anything.
TEST(Register, WordsThatProveNothingChangeNothingThatIsKept) {
    const std::pair<std::string, net::DialFault> lies[] = {
        {"it is of another chain", net::DialFault::other_chain},
        {"that is this node itself", net::DialFault::itself},
        {"its signature does not prove the key that it names", net::DialFault::unreachable}};
    for (const auto& lie : lies) {
        SCOPED_TRACE(lie.first);
        World world{2};
        world.register_at(0, {world.at(1), "127.0.0.1:7000"});  // one met, one never
        const auto key = world.node(0).nodes(world.now).at(0).key;
        ASSERT_TRUE(key);
        world.odd_ports[world[1].address.port] = world.odd_ports[7000] = lie;
        world.cut(0, 1);
        const auto rows = world[0].store.rows(Table::peers);
        world.pass(3'600'000, 1'000);
        EXPECT_EQ(world[0].store.rows(Table::peers), rows);
        ASSERT_EQ(world.node(0).registered().size(), 2u);
        for (const auto& node : world.node(0).nodes(world.now))
            EXPECT_EQ(node.last_error, lie.first) << node.address;
        EXPECT_EQ(world.node(0).nodes(world.now).at(0).key, key);
        // Asked again by the operator, while the other one answers: the same.
        const auto again = world.register_at(0, {world.at(1)});
        EXPECT_EQ(again.nodes[0].detail, "stored; " + lie.first + "; it will be dialled again");
        EXPECT_EQ(world.node(0).nodes(world.now).at(0).key, key);
        world.odd_ports.clear();
        world.heal();
        world.pass(limits::kDialMaxKept);
        EXPECT_TRUE(world.wired(0, 1));
    }
}

TEST(Register, ALearntNodeOutlivesALieAsItOutlivesSilence) {
    World world{2};
    world.node(0).on_open(900, world.stranger(5), world.now);
    world.say(0, 900, net::Addr{{world[1].address}});
    world.pass(5'000);
    ASSERT_TRUE(world.wired(0, 1));
    ASSERT_EQ(world[0].store.rows(Table::peers).size(), 1u);
    world.odd_ports[world[1].address.port] = {"it is of another chain",
                                              net::DialFault::other_chain};
    world.cut(0, 1);
    world.pass(20'000);
    EXPECT_EQ(world[0].store.rows(Table::peers).size(), 1u);
}

/// Where only one side can dial, an outage of any length is over within the longest wait.
TEST(Register, ANodeIsDialledAtABoundedPaceHoweverLongItWasAway) {
    World world{1};
    world.register_at(0, {"127.0.0.1:7000"});
    world.pass(7'200'000, 1'000);
    world[0].dials.clear();
    const Tick span = 10 * limits::kDialMaxKept;
    world.pass(span, 250);
    EXPECT_GE(world[0].dials.size(), 10u);
    EXPECT_LE(world[0].dials.size(), 21u);
}

TEST(Register, EndsAtItsDeadlineWhateverADeadNodeDoes) {
    World world{1};
    world.node(0).register_nodes(1, {"127.0.0.1:5002"}, world.now.steady + 5'000, world.now);
    // The dial is neither answered nor refused.
    auto committed = world.node(0).commit(world.now);
    ASSERT_EQ(committed->actions.size(), 1u);
    world.now.steady += 4'999;
    EXPECT_TRUE(world.node(0).commit(world.now)->actions.empty());
    world.now.steady += 1;
    committed = world.node(0).commit(world.now);
    ASSERT_EQ(committed->actions.size(), 1u);
    const auto& answer = std::get<net::Registered>(committed->actions[0]).outcome.nodes.at(0);
    EXPECT_FALSE(answer.connected);
    EXPECT_EQ(answer.detail, "stored; nobody has answered there yet; it will be dialled again");
}

TEST(Register, KeepsAtMostSoMany) {
    World world{1};
    std::vector<std::string> texts;
    for (std::size_t i = 0; i <= limits::kRegistered; ++i)
        texts.push_back("127.0.0.1:" + std::to_string(20000 + i));
    const auto outcome = world.register_at(0, texts);
    EXPECT_EQ(outcome.total_nodes.size(), limits::kRegistered);
    EXPECT_EQ(outcome.nodes[limits::kRegistered - 1].detail.substr(0, 7), "stored;");
    EXPECT_EQ(outcome.nodes[limits::kRegistered].detail,
              "not stored: this node keeps at most 256 registered nodes: remove one with DELETE "
              "/nodes/ADDRESS first");
}

TEST(Register, PinsTheKeyOfTheFirstContact) {
    World world{2};
    world.register_at(0, {world.at(1)});
    // Another node comes up at the same address.
    world[1].options.peers.key = world.chain.keys().address(4711);
    world.open(1);
    world.run();
    world.pass(60'000);
    const auto state = world.node(0).nodes(world.now).at(0);
    EXPECT_FALSE(state.connected);
    EXPECT_NE(state.last_error.find("another key"), std::string::npos);
    EXPECT_NE(state.last_error.find("DELETE /nodes/" + world.at(1)), std::string::npos);
    const auto again = world.register_at(0, {world.at(1)});
    EXPECT_FALSE(again.nodes[0].connected);
    EXPECT_NE(again.nodes[0].detail.find("another key"), std::string::npos);
    EXPECT_TRUE(world.node(0).remove_node(world[1].address, world.now));
    EXPECT_FALSE(world.node(0).remove_node(world[1].address, world.now));
    EXPECT_TRUE(world.register_at(0, {world.at(1)}).nodes[0].connected);
}

TEST(Register, RemovedIsClosedAndNotDialledAgain) {
    World world{2};
    world.register_at(0, {world.at(1)});
    ASSERT_TRUE(world.node(0).remove_node(world[1].address, world.now));
    world.run();
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
    world[0].dials.clear();
    world.pass(60'000);
    EXPECT_TRUE(world[0].dials.empty());
}

TEST(Register, WithGossipOffDialsOncePinsAndCloses) {
    World world{2, false};
    const auto outcome = world.register_at(0, {world.at(1), "127.0.0.1:6001"});
    EXPECT_TRUE(outcome.nodes[0].connected);
    EXPECT_EQ(outcome.nodes[1].detail,
              "stored; nobody listens there; with gossip off it is dialled at /nodes/resolve");
    world.run();
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
    EXPECT_EQ(world.node(0).nodes(world.now).at(0).key, world[1].options.peers.key);
    const auto dials = world[0].dials.size();
    world.mine(0);
    world.pass(120'000);
    EXPECT_EQ(world[0].dials.size(), dials);
    EXPECT_EQ(world.tip(1), world.chain.genesis());
}

/// Two with gossip off that mined apart, 3 and 5 blocks, each with a transfer of its own.
class ResolveTest : public ::testing::Test {
protected:
    void SetUp() override {
        BlockWish wish;
        wish.to = world.chain.keys().address(1);
        const auto first = world.chain.extend(world.chain.genesis(), wish);
        wish.to = world.chain.keys().address(2);
        const auto second = world.chain.extend(first->header.hash, wish);
        for (const auto& block : {first, second})
            for (const std::size_t i : {0U, 1U})
                ASSERT_TRUE(world.node(i).submit(block, world.now));
        world.run();
        common = world.tip(0);
    }
    void mine_apart(const TransferPtr& shorter, const TransferPtr& longer) {
        BlockWish wish;
        wish.transfers = {shorter};
        world.mine(0, wish);
        wish.transfers = {longer};
        world.mine(1, wish);
        for (int i = 0; i < 2; ++i) world.mine(0);
        for (int i = 0; i < 4; ++i) world.mine(1);
    }
    World world{2, false};
    BlockHash common;
};

TEST_F(ResolveTest, ReplacesTheShorterAndGivesItsTransfersBack) {
    const auto mine = world.chain.transfer(common, 1, nobody(8), 5, 1);
    const auto theirs = world.chain.transfer(common, 2, nobody(9), 5, 1);
    mine_apart(mine, theirs);
    world.register_at(0, {world.at(1)});
    const auto outcome = world.resolve_at(0);
    EXPECT_TRUE(outcome.replaced);
    ASSERT_EQ(outcome.nodes.size(), 1u);
    EXPECT_EQ(outcome.nodes[0].address, world.at(1));
    EXPECT_FALSE(outcome.nodes[0].error) << *outcome.nodes[0].error;
    EXPECT_TRUE(outcome.dropped.empty());
    EXPECT_EQ(world.tip(0), world.tip(1));
    EXPECT_TRUE(world.node(0).pool().find(mine->id()));
    // Nothing of it was told to the other, and the connection is over.
    EXPECT_FALSE(world.node(1).pool().find(mine->id()));
    world.run();
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
    EXPECT_EQ(world.node(1).peers_connected(), 0u);
    // It asks the pool too: what waits there comes with the next resolve.
    const auto waiting = world.chain.transfer(world.tip(1), 2, nobody(9), 6, 1);
    ASSERT_TRUE(world.node(1).submit(waiting, world.now));
    world.run();
    EXPECT_FALSE(world.node(0).pool().find(waiting->id()));
    EXPECT_FALSE(world.resolve_at(0).replaced);
    EXPECT_TRUE(world.node(0).pool().find(waiting->id()));
}

TEST_F(ResolveTest, OnTheLongerChangesNothing) {
    mine_apart(world.chain.transfer(common, 1, nobody(8), 5, 1),
               world.chain.transfer(common, 2, nobody(9), 5, 1));
    const auto tip = world.tip(1);
    world.register_at(1, {world.at(0)});
    const auto outcome = world.resolve_at(1);
    EXPECT_FALSE(outcome.replaced);
    EXPECT_FALSE(outcome.nodes.at(0).error);
    EXPECT_EQ(world.tip(1), tip);
    EXPECT_EQ(world[1].bodies_asked, 0u);
}

TEST_F(ResolveTest, ListsWhatTheOtherChainMadeImpossible) {
    // One sender on both sides with the same nonce.
    const auto mine = world.chain.transfer(common, 1, nobody(8), 5, 1);
    const auto theirs = world.chain.transfer(common, 1, nobody(9), 5, 1);
    mine_apart(mine, theirs);
    world.register_at(0, {world.at(1)});
    const auto outcome = world.resolve_at(0);
    EXPECT_TRUE(outcome.replaced);
    ASSERT_EQ(outcome.dropped.size(), 1u);
    EXPECT_EQ(outcome.dropped[0].id, mine->id());
    EXPECT_FALSE(outcome.dropped[0].reason.empty());
}

TEST_F(ResolveTest, OneDeadNodeDelaysNobodyAndIsNamed) {
    mine_apart(world.chain.transfer(common, 1, nobody(8), 5, 1),
               world.chain.transfer(common, 2, nobody(9), 5, 1));
    world.register_at(0, {"127.0.0.1:6001", world.at(1)});
    const auto outcome = world.resolve_at(0);
    EXPECT_TRUE(outcome.replaced);
    ASSERT_EQ(outcome.nodes.size(), 2u);
    EXPECT_EQ(outcome.nodes[0].error, "nobody listens there");
    EXPECT_FALSE(outcome.nodes[1].error);
}

TEST_F(ResolveTest, SeveralAtOnceEachEndOnce) {
    mine_apart(world.chain.transfer(common, 1, nobody(8), 5, 1),
               world.chain.transfer(common, 2, nobody(9), 5, 1));
    world.register_at(0, {world.at(1)});
    for (net::Ticket ticket = 1; ticket <= 3; ++ticket)
        world.node(0).resolve(ticket, world.now.steady + 10'000, world.now);
    world.run();
    world.pass(10'000);
    std::set<net::Ticket> ended;
    for (const auto& resolved : world[0].resolved) {
        EXPECT_TRUE(ended.insert(resolved.ticket).second);
        EXPECT_TRUE(resolved.outcome.replaced);
        EXPECT_FALSE(resolved.outcome.nodes.at(0).error);
    }
    EXPECT_EQ(ended.size(), 3u);
    EXPECT_EQ(world[0].bodies_asked, 5u);
    world.run();
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
}

TEST_F(ResolveTest, WithoutRegisteredNodesEndsAtOnce) {
    world.node(0).resolve(1, world.now.steady + 10'000, world.now);
    const auto committed = world.node(0).commit(world.now);
    ASSERT_EQ(committed->actions.size(), 1u);
    const auto& outcome = std::get<net::Resolved>(committed->actions[0]).outcome;
    EXPECT_FALSE(outcome.replaced);
    EXPECT_TRUE(outcome.nodes.empty());
}

TEST_F(ResolveTest, EndsAtItsDeadlineWithWhatIsMissing) {
    world.register_at(0, {world.at(1)});
    world.run();
    world.node(0).resolve(1, world.now.steady + 5'000, world.now);
    auto committed = world.node(0).commit(world.now);
    ASSERT_EQ(committed->actions.size(), 1u);
    ASSERT_TRUE(std::holds_alternative<net::Dial>(committed->actions[0]));
    // It answers the dial, and then nothing more.
    auto hello = world.stranger(5);
    hello.key = world[1].options.peers.key;
    hello.outbound = true;
    hello.address = world[1].address;
    world.node(0).on_open(900, hello, world.now);
    committed = world.node(0).commit(world.now);
    world.now.steady += 4'999;
    committed = world.node(0).commit(world.now);
    EXPECT_TRUE(committed->actions.empty());
    world.now.steady += 1;
    committed = world.node(0).commit(world.now);
    const net::Resolved* resolved = nullptr;
    for (const auto& action : committed->actions)
        if (const auto* one = std::get_if<net::Resolved>(&action)) resolved = one;
    ASSERT_TRUE(resolved);
    EXPECT_EQ(resolved->outcome.nodes.at(0).error, "it did not tell everything in time");
}

TEST(Resolve, WithGossipOnKeepsTheConnections) {
    World world{2};
    world.mine(1);
    world.register_at(0, {world.at(1)});
    world.pass(1'000);
    const auto outcome = world.resolve_at(0);
    EXPECT_FALSE(outcome.replaced);
    EXPECT_FALSE(outcome.nodes.at(0).error);
    EXPECT_EQ(world.node(0).peers_connected(), 1u);
}

}  // namespace
}  // namespace cairn
