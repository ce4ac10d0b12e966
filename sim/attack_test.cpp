#include <gtest/gtest.h>

#include <cstdio>

#include "ledger/testing/chain_builder.hpp"
#include "net/protocol/codec.hpp"
#include "sim/chain_peer.hpp"
#include "sim/flooder.hpp"
#include "sim/world.hpp"

namespace cairn::sim {
namespace {

using testing::ChainBuilder;

/// One real node, and peers that are none.
class Attack : public ::testing::Test {
protected:
    Machine& start(MachineOptions options = {}) {
        node_ = &world_.add(std::move(options));
        node_->start();
        return *node_;
    }
    ChainPeer& peer(Conduct conduct = {}) {
        peers_.push_back(std::make_unique<ChainPeer>(
            world_.network(), *world_.chain(),
            net::NodeAddress{"10.2.0." + std::to_string(peers_.size() + 1), 5'000},
            std::move(conduct)));
        return *peers_.back();
    }
    /// Blocks on top of `at`, which the world's book knows.
    std::vector<BlockPtr> grow(const BlockHash& at, std::size_t count) {
        ChainBuilder::Wish wish;
        wish.time = World::kEpoch;  // years of blocks in one second: the median allows it
        auto blocks = builder_.grow(at, count, wish);
        for (const auto& block : blocks) world_.know(*block);
        return blocks;
    }
    static void give(ChainPeer& peer, const std::vector<BlockPtr>& blocks) {
        for (const auto& block : blocks) peer.add(block->bytes);
    }
    /// How long until the node has that tip; nothing if it does not come.
    std::optional<Micros> until_tip(const BlockHash& hash, Micros within) {
        const auto begin = world_.scheduler().now();
        const bool there = world_.run_until(
            [&] { return node_->node() && node_->node()->ledger().tip().hash == hash; }, within);
        EXPECT_FALSE(world_.failure()) << *world_.failure();
        if (!there) return std::nullopt;
        return world_.scheduler().now() - begin;
    }

    World world_{1, simulated_spec(), 4};
    ChainBuilder builder_{world_.chain()->spec()};
    Machine* node_ = nullptr;
    std::vector<std::unique_ptr<ChainPeer>> peers_;
};

/// Row 16.
TEST_F(Attack, BodiesThatAreWithheldDoNotHoldUpTheOthers) {
    Machine& node = start();
    Conduct withholds;
    withholds.body = [](const BlockHash&) -> SharedBytes { return nullptr; };
    ChainPeer& attacker = peer(withholds);
    ChainPeer& honest = peer();
    give(attacker, grow(builder_.genesis(), 80));
    const auto blocks = grow(builder_.genesis(), 40);
    give(honest, blocks);
    attacker.dial(node.address());
    world_.run_for(3 * kSecond);
    ASSERT_FALSE(attacker.asked().empty());
    honest.dial(node.address());
    const auto took = until_tip(blocks.back()->header.hash, 64 * kSecond);
    ASSERT_TRUE(took);
    std::printf("withheld bodies: the honest tip after %.1f s\n", static_cast<double>(*took) / 1e6);
    EXPECT_TRUE(world_.run_until([&] { return attacker.closed() > 0; }, 64 * kSecond));
    EXPECT_EQ(honest.closed(), 0U);
}

/// Row 20: nobody can spoil a block by sending another body under its header.
TEST_F(Attack, AMutatedBodyNeverSpoilsTheBlock) {
    using Mutation = std::pair<const char*, std::function<Bytes(Bytes)>>;
    const std::size_t count_at = BlockHeader::kSize;
    std::vector<Mutation> mutations = {
        {"nothing but the header",
         [&](Bytes b) {
             b.resize(count_at);
             return b;
         }},
        {"no transactions",
         [&](Bytes b) {
             b.resize(count_at + 1);
             b[count_at] = 0;
             return b;
         }},
        {"a byte less",
         [](Bytes b) {
             b.pop_back();
             return b;
         }},
        {"a byte more",
         [](Bytes b) {
             b.push_back(0);
             return b;
         }},
        {"half of it",
         [](Bytes b) {
             b.resize(b.size() / 2);
             return b;
         }},
        {"a greater count",
         [&](Bytes b) {
             ++b[count_at];
             return b;
         }},
        {"a smaller count",
         [&](Bytes b) {
             --b[count_at];
             return b;
         }},
        {"a count of 2^64 - 1",
         [&](Bytes b) {
             b[count_at] = 0xff;
             b.insert(b.begin() + static_cast<std::ptrdiff_t>(count_at) + 1, 8, 0xff);
             return b;
         }},
        {"the last transfer twice",
         [&](Bytes b) {
             const Bytes last(b.end() - 155, b.end());
             append(b, last);
             ++b[count_at];
             return b;
         }},
        {"no last transfer",
         [&](Bytes b) {
             b.resize(b.size() - 155);
             --b[count_at];
             return b;
         }},
        {"two transfers changed places",
         [](Bytes b) {
             std::swap_ranges(b.end() - 155, b.end(), b.end() - 310);
             return b;
         }},
    };
    for (const std::size_t at : {0U, 1U, 9U, 40U, 49U, 60U, 100U, 200U, 300U, 400U, 500U, 600U})
        mutations.emplace_back("a flipped bit", [&, at](Bytes b) {
            b.at(count_at + 1 + at) ^= 1;
            return b;
        });

    Machine& node = start();
    BlockHash at = builder_.genesis();
    for (const auto& [name, mutate] : mutations) {
        SCOPED_TRACE(name);
        ChainBuilder::Wish wish;
        wish.time = World::kEpoch;
        auto before = at;
        for (std::uint64_t i = 0; i < 4; ++i)
            wish.transfers.push_back(builder_.keys().transfer(
                *world_.chain(), Senders::kFirstKey + i,
                builder_.book(at)
                    .accounts.at(builder_.keys().address(Senders::kFirstKey + i))
                    .nonce,
                testing::nobody(1), 1'000));
        const auto block = builder_.extend(at, wish);
        at = block->header.hash;
        world_.know(*block);
        const auto mutated = std::make_shared<const Bytes>(mutate(*block->bytes));
        ASSERT_NE(*mutated, *block->bytes);
        Conduct lies;
        lies.body = [mutated](const BlockHash&) { return mutated; };
        ChainPeer& attacker = peer(lies);
        ChainPeer& honest = peer();
        for (ChainPeer* one : {&attacker, &honest}) {
            give(*one, builder_.way_to(before));
            one->add(block->bytes);
        }
        attacker.dial(node.address());
        ASSERT_TRUE(world_.run_until([&] { return attacker.closed() > 0; }, 64 * kSecond));
        EXPECT_FALSE(attacker.asked().empty());
        EXPECT_NE(node.node()->ledger().tip().hash, at);
        honest.dial(node.address());
        ASSERT_TRUE(until_tip(at, 64 * kSecond));
        EXPECT_EQ(honest.closed(), 0U);
        world_.network().drop_all(honest.id());
    }
    std::printf("%zu mutated bodies, each followed by the right one\n", mutations.size());
}

/// Row 14: a hundred peers that send headers without end, and one that is honest.
class Flood : public Attack {
protected:
    static constexpr std::size_t kHere = 420, kThere = 840, kLow = 400;
    /// What is let in of them makes 80 Mbit/s together.
    static constexpr Link kOfAFlooder{10 * kMillisecond, 10 * kMillisecond, 160};

    struct Took {
        Micros time = 0, work = 0;
        std::uint64_t floods = 0, thrown_out = 0;
    };
    Took sync(std::size_t flooders) {
        const auto trunk = grow(builder_.genesis(), kThere);
        std::vector<HashedHeader> low;
        for (const auto& block : grow(builder_.genesis(), kLow)) low.push_back(block->header);
        const auto frame = std::make_shared<const Bytes>(net::encode(net::Headers{low}));
        ChainPeer& honest = peer();
        give(honest, {trunk.begin(), trunk.begin() + kHere});
        MachineOptions options;
        options.connect = {world_.network().address(honest.id())};
        Machine& node = start(options);
        EXPECT_TRUE(until_tip(trunk[kHere - 1]->header.hash, 300 * kSecond));
        std::vector<std::unique_ptr<Flooder>> crowd;
        for (std::size_t i = 0; i < flooders; ++i) {
            crowd.push_back(std::make_unique<Flooder>(
                world_.scheduler(), world_.network(),
                net::NodeAddress{"10.3.0." + std::to_string(i + 1), 5'000}, node.address(), frame));
            world_.network().set_link(crowd.back()->id(), node.id(), kOfAFlooder);
            crowd.back()->begin();
        }
        world_.run_for(kSecond);
        give(honest, {trunk.begin() + kHere, trunk.end()});
        const auto rows = node.node()->rows().bytes();
        EXPECT_LT(rows, 1'000'000U);
        const auto worked = node.worked();
        honest.announce(1);
        const auto time = until_tip(trunk.back()->header.hash, 300 * kSecond);
        EXPECT_TRUE(time);
        Took took{time.value_or(0), node.worked() - worked, 0, 0};
        for (const auto& flooder : crowd) {
            took.floods += flooder->sent();
            took.thrown_out += flooder->thrown_out();
        }
        EXPECT_EQ(honest.closed(), 0U);
        world_.scheduler().clear();
        return took;
    }
};

TEST_F(Flood, OfLowWorkHeadersAtMostDoublesTheTimeOfAnHonestSync) {
    static Took undisturbed;
    undisturbed = sync(0);
    std::printf("undisturbed: %.2f s, the node's thread at work for %.2f s\n",
                static_cast<double>(undisturbed.time) / 1e6,
                static_cast<double>(undisturbed.work) / 1e6);
    class Crowded : public Flood {
    public:
        void TestBody() override {}
        Took run() { return sync(100); }
    };
    const auto flooded = Crowded{}.run();
    std::printf(
        "a hundred flooders: %.2f s, at work for %.2f s; %llu messages of 400 headers sent, "
        "thrown out %llu times\n",
        static_cast<double>(flooded.time) / 1e6, static_cast<double>(flooded.work) / 1e6,
        static_cast<unsigned long long>(flooded.floods),
        static_cast<unsigned long long>(flooded.thrown_out));
    EXPECT_LE(flooded.time, 2 * undisturbed.time);
    EXPECT_GT(flooded.floods, 100U);
}

}  // namespace
}  // namespace cairn::sim
