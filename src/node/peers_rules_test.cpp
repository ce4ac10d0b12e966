#include <gtest/gtest.h>

#include "net/limits.hpp"
#include "node/testing/world.hpp"

namespace cairn {
namespace {

namespace limits = net::limits;
using testing::BlockWish;
using testing::World;

TEST(Admission, TakesSoManyGuestsAndTheRegisteredBeyond) {
    World world{2};
    world.register_at(0, {world.at(1)});
    world.cut(0, 1);
    world.run();
    for (std::uint64_t i = 0; i < limits::kInbound; ++i)
        EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(1 + i))), "");
    const auto one_more = world.open(0, world.stranger(500));
    EXPECT_EQ(world.why_closed(0, one_more), "this node has 64 guests already");
    auto named = world.stranger(0);
    named.key = world[1].options.peers.key;
    EXPECT_EQ(world.why_closed(0, world.open(0, named)), "");
    EXPECT_EQ(world.node(0).peers_connected(), limits::kInbound + 1);
}

TEST(Admission, TakesSoManyGuestsOfOnePublicNetwork) {
    World world{1};
    for (std::uint64_t i = 0; i < limits::kInboundOfNetwork; ++i)
        EXPECT_EQ(world.why_closed(
                      0, world.open(0, world.stranger(1 + i, "203.0." + std::to_string(i) + ".1"))),
                  "");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(100, "203.0.99.9"))),
              "this node has 16 guests of its network already");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(101, "203.1.99.9"))), "");
}

TEST(Admission, TakesFewGuestsOfOnePublicAddress) {
    World world{1};
    for (std::uint64_t i = 0; i < limits::kInboundOfAddress; ++i)
        EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(1 + i, "203.0.113.1"))), "");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(100, "203.0.113.1"))),
              "this node has 8 guests of its address already");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(101, "203.0.113.2"))), "");
}

/// Whoever has one address cannot take all the places from everybody else.
TEST(Admission, AGuestFromElsewhereGetsAPlaceOfTheLargestSource) {
    World world{1};
    std::vector<net::PeerId> crowd;
    for (std::uint64_t i = 0; i < limits::kInbound; ++i)
        crowd.push_back(world.open(0, world.stranger(1 + i, "10.0.0.1")));
    for (std::uint64_t i = 0; i < 8; ++i)
        EXPECT_EQ(world.why_closed(
                      0, world.open(0, world.stranger(200 + i, "10.0.1." + std::to_string(i + 1)))),
                  "");
    EXPECT_EQ(world.node(0).peers_connected(), limits::kInbound);
    std::size_t gone = 0;
    for (const auto guest : crowd)
        gone += world.why_closed(0, guest) == "its place went to a guest from elsewhere" ? 1 : 0;
    EXPECT_EQ(gone, 8u);
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(300, "10.0.0.1"))),
              "this node has 64 guests already");
}

/// Its key was never seen, for only it can dial: its address tells.
TEST(Admission, ARegisteredNodeThatWasNeverReachedFindsRoomOnce) {
    World world{1};
    world.register_at(0, {"10.0.0.9:5009"});
    for (std::uint64_t i = 0; i < limits::kInbound; ++i)
        world.open(0, world.stranger(1 + i, "10.0.0.9"));
    EXPECT_NE(world.why_closed(0, world.open(0, world.stranger(100, "10.0.0.9", 5010))), "");
    const auto named = world.open(0, world.stranger(101, "10.0.0.9", 5009));
    EXPECT_EQ(world.why_closed(0, named), "");
    EXPECT_TRUE(world[0].favoured.contains(named));
    const auto again = world.open(0, world.stranger(102, "10.0.0.9", 5009));
    EXPECT_NE(world.why_closed(0, again), "");
    EXPECT_FALSE(world.node(0).nodes(world.now).at(0).key);  // room, but no pin
}

TEST(Admission, ARegisteredNodeIsFavouredAndAGuestIsNot) {
    World world{2};
    const auto guest = world.open(0, world.stranger(5));
    world.register_at(0, {world.at(1)});
    EXPECT_FALSE(world[0].favoured.contains(guest));
    EXPECT_EQ(world[0].favoured.size(), 1u);
    EXPECT_TRUE(world[1].favoured.empty());
}

TEST(Admission, LetsInWhomTheOperatorAllows) {
    World world{1};
    world[0].options.peers.allowed = {world.chain.keys().address(5)};
    world.open(0);
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(5))), "");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(6))),
              "its key is none of those that --allow-node names");
}

TEST(Admission, NoticesItself) {
    World world{1};
    auto self = world.stranger(5);
    self.key = world[0].options.peers.key;
    EXPECT_EQ(world.why_closed(0, world.open(0, self)), "that is this node itself");
    EXPECT_EQ(world.node(0).peers_connected(), 0u);
}

TEST(Admission, OfTheSameSideTheNewerConnectionStays) {
    World world{1};
    const auto first = world.open(0, world.stranger(5));
    const auto second = world.open(0, world.stranger(5));
    EXPECT_EQ(world.why_closed(0, first), "another connection to the same node stays");
    EXPECT_EQ(world.why_closed(0, second), "");
    EXPECT_EQ(world.node(0).peers_connected(), 1u);
}

TEST(Misbehaviour, IsBannedByKeyAndPublicIpForAnHour) {
    World world{1};
    BlockWish bad;
    bad.reward_more = 1;
    const auto block = world.chain.extend(world.chain.genesis(), bad);
    const auto villain = world.open(0, world.stranger(5, "203.0.113.5"));
    world.say(0, villain, net::Headers{{block->header}});
    ASSERT_EQ(world.heard<net::GetData>(0, villain).size(), 1u);
    world.say(0, villain, net::BlockBody{block->header, block->bytes});
    EXPECT_NE(world.why_closed(0, villain), "");
    EXPECT_TRUE(world[0].closed.at(villain).ban);
    EXPECT_EQ(world.tip(0), world.chain.genesis());

    const auto refused = [&](const net::Hello& hello) {
        return world.why_closed(0, world.open(0, hello)).substr(0, 16) == "it broke a rule ";
    };
    world.open(0);  // the process may restart
    EXPECT_TRUE(refused(world.stranger(5, "198.51.100.1")));
    EXPECT_TRUE(refused(world.stranger(6, "203.0.113.5")));
    EXPECT_FALSE(refused(world.stranger(6, "203.0.113.6")));
    world.now.wall += limits::kBanSeconds - 1;
    EXPECT_TRUE(refused(world.stranger(5)));
    world.now.wall += 1;
    EXPECT_FALSE(refused(world.stranger(5)));
    EXPECT_FALSE(refused(world.stranger(7, "203.0.113.5")));
}

/// Behind one public address there may be a registered node and somebody else.
TEST(Misbehaviour, OfANeighbourKeepsNoRegisteredNodeOut) {
    World world{2};
    world.register_at(0, {world.at(1)});
    world.cut(0, 1);
    world.run();
    const auto villain = world.open(0, world.stranger(5, "203.0.113.5"));
    world.node(0).on_close(villain, "it sent garbage", world.now, true);
    world.run();
    EXPECT_NE(world.why_closed(0, world.open(0, world.stranger(6, "203.0.113.5"))), "");
    auto named = world.stranger(0, "203.0.113.5");
    named.key = world[1].options.peers.key;
    EXPECT_EQ(world.why_closed(0, world.open(0, named)), "");
}

TEST(Misbehaviour, OfOneOnALocalAddressIsNotThatOfItsNeighbours) {
    for (const auto* ip : {"127.0.0.1", "10.0.0.1"}) {
        World world{1};
        const auto villain = world.open(0, world.stranger(5, ip));
        world.node(0).on_close(villain, "it sent garbage", world.now, true);
        world.run();
        EXPECT_NE(world.why_closed(0, world.open(0, world.stranger(5, ip))), "");
        EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(6, ip))), "");
    }
}

TEST(Misbehaviour, IsNotToSendHeadersThatLeadNowhere) {
    World world{1};
    const auto blocks = world.chain.grow(world.chain.genesis(), 2);
    const auto guest = world.open(0, world.stranger(5));
    for (std::size_t i = 0; i <= limits::kUnconnecting; ++i)
        world.say(0, guest, net::Headers{{blocks[1]->header}});
    EXPECT_NE(world.why_closed(0, guest), "");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(5))), "");
}

TEST(Misbehaviour, IsAHeaderThatBreaksARule) {
    World world{1};
    auto header = world.chain.extend(world.chain.genesis())->header.header;
    header.time = 0;  // before the median
    const auto guest = world.open(0, world.stranger(5));
    world.say(0, guest, net::Headers{{hashed(testing::mined(header))}});
    EXPECT_NE(world.why_closed(0, guest), "");
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(5))).substr(0, 16),
              "it broke a rule ");
}

TEST(Misbehaviour, IsNotToBeGone) {
    World world{1};
    const auto guest = world.open(0, world.stranger(5, "203.0.113.5"));
    world.node(0).on_close(guest, "the connection was reset", world.now);
    world.run();
    EXPECT_EQ(world.why_closed(0, world.open(0, world.stranger(5, "203.0.113.5"))), "");
}

TEST(Misbehaviour, OfARegisteredNodeIsForgivenWhenItIsRegisteredAgain) {
    World world{2};
    world.register_at(0, {world.at(1)});
    const auto id = world.node(0).nodes(world.now).at(0).peer;
    world.node(0).on_close(id, "it sent garbage", world.now, true);
    world.run();
    EXPECT_EQ(world.node(0).nodes(world.now).at(0).state, "banned");
    EXPECT_TRUE(world.register_at(0, {world.at(1)}).nodes[0].connected);
}

TEST(KeepAlive, PingsWhoIsQuietAndEndsWhoStaysQuiet) {
    World world{1, false};  // nothing else is asked of the guest
    const auto guest = world.open(0, world.stranger(5));
    world.pass(limits::kPingEvery - 250);
    EXPECT_TRUE(world.heard<net::Ping>(0, guest).empty());
    world.pass(250);
    ASSERT_EQ(world.heard<net::Ping>(0, guest).size(), 1u);
    world.pass(limits::kPongWithin - 250);
    EXPECT_EQ(world.why_closed(0, guest), "");
    world.say(0, guest, net::Pong{world.heard<net::Ping>(0, guest)[0].nonce});
    world.pass(limits::kPingEvery);
    EXPECT_EQ(world.heard<net::Ping>(0, guest).size(), 2u);
    world.pass(limits::kPongWithin);
    EXPECT_EQ(world.why_closed(0, guest), "it said nothing for 60 s after a ping");
    EXPECT_FALSE(world[0].closed.at(guest).ban);
}

/// GET /nodes tells how far a peer is by its own last word, also where nothing is asked of it.
TEST(Nodes, AreShownAtTheBlockTheyAnnouncedLast) {
    for (const bool gossip : {true, false}) {
        World world{1, gossip};
        const auto blocks = world.chain.grow(world.chain.genesis(), 3);
        for (const auto& block : blocks) ASSERT_TRUE(world.node(0).submit(block, world.now));
        world.run();
        auto hello = world.stranger(5);
        hello.height = 1;
        hello.tip = world.chain.genesis();
        const auto guest = world.open(0, hello);
        const auto shown = [&] { return world.node(0).nodes(world.now).at(0); };
        EXPECT_EQ(shown().index, 1u);
        world.say(0, guest, net::Headers{{blocks[0]->header, blocks[1]->header}});
        EXPECT_EQ(shown().index, 3u);
        EXPECT_EQ(shown().hash, blocks[1]->header.hash);
        world.say(0, guest,
                  net::Inv{{{net::ItemKind::block, digest_cast<Hash256>(blocks[2]->header.hash)}}});
        if (!gossip) {
            EXPECT_EQ(shown().index, 4u);
        }
    }
}

TEST(KeepAlive, AnswersAPing) {
    World world{1};
    const auto guest = world.open(0, world.stranger(5));
    world.say(0, guest, net::Ping{42});
    ASSERT_EQ(world.heard<net::Pong>(0, guest).size(), 1u);
    EXPECT_EQ(world.heard<net::Pong>(0, guest)[0].nonce, 42u);
}

TEST(Addr, OfOneFloodIsLookedAtWithinItsRate) {
    World world{1};
    const auto guest = world.open(0, world.stranger(5, "203.0.113.5"));
    const auto addresses = [](const std::string& network, std::size_t count) {
        net::Addr message;
        for (std::size_t i = 0; i < count; ++i)
            message.addresses.push_back(
                {network + std::to_string(i / 250) + "." + std::to_string(i % 250), 5000});
        return message;
    };
    // The burst goes for what is not taken anyway.
    world.say(0, guest, addresses("127.0.", limits::kAddrBurst));
    const auto dialled = [&] {
        world.pass(9'000, 1'000);
        return std::set(world[0].dials.begin(), world[0].dials.end()).size();
    };
    world.say(0, guest, addresses("20.1.", 1'000));
    EXPECT_EQ(dialled(), 0u);
    world.pass(1'000);
    world.say(0, guest, addresses("20.2.", 1'000));
    EXPECT_EQ(dialled(), 1u);  // 0.1 a second
    EXPECT_EQ(world.why_closed(0, guest), "");
    // Nobody was there: nothing of it was written.
    EXPECT_TRUE(world[0].store.rows(Table::peers).empty());
}

TEST(Addr, IsAnsweredOnceWithWhatTheAskerMayKnow) {
    World world{2};
    world.register_at(0, {world.at(1), "10.0.0.7:5000", "203.0.113.7:5000", "node.example:5000"});
    world.open(0, world.stranger(6, "10.0.0.8", 5009));
    const auto told = [&](const std::string& ip, std::uint64_t key) {
        const auto asker = world.open(0, world.stranger(key, ip, 5010));
        world[0].said[asker].clear();
        world.say(0, asker, net::GetAddr{});
        world.say(0, asker, net::GetAddr{});
        const auto answers = world.heard<net::Addr>(0, asker);
        std::set<std::string> out;
        EXPECT_EQ(answers.size(), 1u);
        if (!answers.empty())
            for (const auto& address : answers[0].addresses) out.insert(address.to_string());
        world.node(0).on_close(asker, "done", world.now);
        world.run();
        return out;
    };
    EXPECT_EQ(told("127.0.0.1", 21), (std::set<std::string>{world.at(1), "10.0.0.7:5000",
                                                            "203.0.113.7:5000", "10.0.0.8:5009"}));
    EXPECT_EQ(told("10.0.0.9", 22),
              (std::set<std::string>{"10.0.0.7:5000", "203.0.113.7:5000", "10.0.0.8:5009"}));
    EXPECT_EQ(told("203.0.113.9", 23), (std::set<std::string>{"203.0.113.7:5000"}));
}

TEST(Addr, OfLocalAddressesIsTakenFromWhoSharesThem) {
    const auto dialled = [](const std::string& teller, const std::string& told) {
        World world{1};
        const auto guest = world.open(0, world.stranger(5, teller));
        world.say(0, guest, net::Addr{{{told, 6001}}});
        world.pass(2'000);
        return !world[0].dials.empty();
    };
    EXPECT_TRUE(dialled("127.0.0.1", "127.0.0.1"));
    EXPECT_TRUE(dialled("127.0.0.1", "10.0.0.1"));
    EXPECT_FALSE(dialled("10.0.0.2", "127.0.0.1"));
    EXPECT_TRUE(dialled("10.0.0.2", "10.0.0.1"));
    EXPECT_FALSE(dialled("203.0.113.1", "127.0.0.1"));
    EXPECT_FALSE(dialled("203.0.113.1", "10.0.0.1"));
    EXPECT_TRUE(dialled("203.0.113.1", "198.51.100.1"));
    EXPECT_FALSE(dialled("203.0.113.1", "169.254.169.254"));
}

TEST(Addr, ANewListenerIsToldToABoundedNumberOfOthers) {
    World world{1};
    std::vector<net::PeerId> guests;
    for (std::uint64_t i = 0; i < 20; ++i) guests.push_back(world.open(0, world.stranger(1 + i)));
    // The last takes no peers, and is no news.
    world.open(0, world.stranger(101, "127.0.0.1", 6101));
    std::size_t told = 0;
    for (const auto guest : guests)
        for (const auto& message : world.heard<net::Addr>(0, guest)) {
            EXPECT_EQ(message.addresses, (std::vector<net::NodeAddress>{{"127.0.0.1", 6101}}));
            ++told;
        }
    EXPECT_EQ(told, limits::kAddrForwarded);
}

TEST(Dials, ReachOnePublicNodeANetworkAndSoManyInAll) {
    World world{1};
    const auto guest = world.open(0, world.stranger(5, "203.0.113.1"));
    net::Addr same;
    for (int i = 1; i < 50; ++i) same.addresses.push_back({"198.51.1." + std::to_string(i), 5000});
    world.node(0).on_message(guest, same, world.now);
    world.node(0).on_tick(world.now);
    const auto count = [&] {
        std::size_t dials = 0;
        const auto committed = world.node(0).commit(world.now);
        for (const auto& action : committed->actions)
            dials += std::holds_alternative<net::Dial>(action) ? 1 : 0;
        return dials;
    };
    EXPECT_EQ(count(), 1u);
    net::Addr many;
    for (int i = 1; i < 50; ++i)
        many.addresses.push_back({"20." + std::to_string(i) + ".1.1", 5000});
    world.node(0).on_message(guest, many, world.now);
    world.node(0).on_tick(world.now);
    EXPECT_EQ(count(), limits::kOutbound - 1);
}

TEST(Dials, WithGossipOffAreNone) {
    World world{1, false};
    const auto guest = world.open(0, world.stranger(5, "203.0.113.1"));
    world.say(0, guest, net::Addr{{{"198.51.100.1", 5000}}});
    world.pass(60'000);
    EXPECT_TRUE(world[0].dials.empty());
    // A guest is answered all the same, and asked nothing.
    EXPECT_TRUE(world.heard<net::GetHeaders>(0, guest).empty());
    EXPECT_TRUE(world.heard<net::Mempool>(0, guest).empty());
    world.mine(0);
    EXPECT_TRUE(world.heard<net::Headers>(0, guest).empty());
}

}  // namespace
}  // namespace cairn
