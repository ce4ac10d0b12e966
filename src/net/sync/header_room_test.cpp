#include "net/sync/header_room.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/machine.hpp"
#include "net/sync/bodies.hpp"
#include "net/testing/headers.hpp"

namespace cairn::net {
namespace {

using cairn::testing::ChainBuilder;
using cairn::testing::Machine;
using testing::HeaderMiner;

constexpr std::size_t kMost = 100;
constexpr Tick kLeftAfter = 600'000;

class HeaderRoomTest : public ::testing::Test {
protected:
    Chain state() { return {*machine.ledger, pool, *machine.rows}; }
    std::vector<HashedHeader> tell(const BlockHash& after, std::size_t count) {
        // Branches differ by their time.
        const auto headers =
            HeaderMiner{after, 100'000'000 + 10'000 * ++branches_, {0x207fffff}, 20}.next(count);
        for (const auto& header : headers)
            EXPECT_TRUE(machine.ledger->add_header(header, Machine::kNow, *machine.rows));
        return headers;
    }
    void show(PeerId peer, const HashedHeader& end) {
        SyncPeer& shower = peers.try_emplace(peer, peer).first->second;
        const auto record = machine.ledger->header(*machine.rows, end.hash);
        shower.best = BranchTip{end.hash, record->height, record->work};
    }
    void tick(Tick ms = 250) {
        now.steady += ms;
        room.on_tick(state(), now);
        machine.write();
    }
    [[nodiscard]] bool is_here(const HashedHeader& header) {
        return machine.ledger->header(*machine.rows, header.hash).has_value();
    }
    [[nodiscard]] std::size_t here(const std::vector<HashedHeader>& headers) {
        return static_cast<std::size_t>(std::count_if(
            headers.begin(), headers.end(), [&](const auto& one) { return is_here(one); }));
    }

    ChainBuilder chain;
    Machine machine{chain.params()};
    Pool pool{PoolLimits{}};
    SyncPeers peers;
    Bodies bodies{peers};
    HeaderRoom room{bodies, peers, kMost};
    Now now{1'000, Machine::kNow};

private:
    UnixSeconds branches_ = 0;
};

TEST_F(HeaderRoomTest, ABranchThatNobodyShowsLeavesTheDiskFromItsEndDown) {
    const auto kept = tell(chain.genesis(), 10);
    const auto gone = tell(kept[4].hash, 10);
    show(1, kept.back());
    EXPECT_EQ(machine.ledger->bare(), 20u);
    room.abandon(gone.back().hash);
    tick();
    EXPECT_EQ(here(gone), 0u);
    EXPECT_EQ(here(kept), 10u);  // also below the fork
    EXPECT_EQ(machine.ledger->bare(), 10u);
    machine.open();
    EXPECT_EQ(machine.ledger->bare(), 10u);
    EXPECT_EQ(here(gone), 0u);
}

TEST_F(HeaderRoomTest, WhatAnotherPeerShowsOrStandsOnIsNotForgotten) {
    const auto branch = tell(chain.genesis(), 10);
    show(1, branch.back());
    room.abandon(branch.back().hash);  // another peer showed it as well, and left
    room.abandon(branch[5].hash);
    tick();
    EXPECT_EQ(here(branch), 10u);
    peers.clear();
    room.abandon(branch.back().hash);
    tick();
    EXPECT_EQ(here(branch), 0u);
}

/// Events are named by blocks that were connected once.
TEST_F(HeaderRoomTest, AHeaderWhoseBlockIsHereIsNeverForgotten) {
    const auto blocks = chain.grow(chain.genesis(), 3);
    const auto stale = chain.grow(chain.genesis(), 2);
    machine.add(blocks);
    machine.add(stale);
    const auto above = tell(stale.back()->header.hash, 5);
    room.abandon(above.back().hash);
    room.abandon(blocks.back()->header.hash);
    for (int i = 0; i < 5; ++i) tick(kLeftAfter);
    EXPECT_EQ(here(above), 0u);
    for (const auto& block : blocks) EXPECT_TRUE(is_here(block->header));
    for (const auto& block : stale) EXPECT_TRUE(is_here(block->header));
    EXPECT_FALSE(machine.ledger->forget(blocks.back()->header.hash, *machine.rows));
    EXPECT_EQ(machine.ledger->bare(), 0u);
}

TEST_F(HeaderRoomTest, WhatAFormerProcessLeftIsForgottenUnlessItIsShownAgain) {
    const auto gone = tell(chain.genesis(), 30);
    const auto shown = tell(chain.genesis(), 7);
    machine.write();
    machine.open();
    show(1, shown.back());
    tick();
    tick(kLeftAfter - 1);
    EXPECT_EQ(here(gone), 30u);
    // Each sweep takes the leaves; a few of them take all that is left.
    for (int i = 0; i < 40; ++i) tick();
    EXPECT_EQ(here(gone), 0u);
    EXPECT_TRUE(is_here(shown.back()));
}

TEST_F(HeaderRoomTest, ManyMakeRoomForNewsAndNeverMoreThanTheMost) {
    // Nobody but the path is safe then: of 100 hoarded the leaves go.
    for (int i = 0; i < 10; ++i) show(static_cast<PeerId>(i), tell(chain.genesis(), 10).back());
    EXPECT_EQ(machine.ledger->bare(), kMost);
    EXPECT_TRUE(room.make(1, chain.genesis(), state()));
    EXPECT_EQ(machine.ledger->bare(), kMost - 1);
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(room.make(10, chain.genesis(), state()));
        (void)tell(chain.genesis(), 10);
        ASSERT_LE(machine.ledger->bare(), kMost);
    }
    EXPECT_FALSE(room.make(kMost + 1, chain.genesis(), state()));
}

TEST_F(HeaderRoomTest, WhatNewsStandOnMakesNoRoomForThem) {
    const auto branch = tell(chain.genesis(), kMost);
    EXPECT_FALSE(room.make(1, branch.back().hash, state()));
    EXPECT_TRUE(is_here(branch.back()));
}

TEST_F(HeaderRoomTest, OneThatIsInvalidIsRememberedWhileThereIsRoom) {
    const auto bad = tell(chain.genesis(), 5);
    machine.ledger->condemn(bad.front().hash, Rule::reward_amount, *machine.rows);
    room.abandon(bad.back().hash);
    for (int i = 0; i < 10; ++i) tick(kLeftAfter);
    EXPECT_EQ(here(bad), 5u);
    for (int i = 0; i < 95; ++i) (void)tell(chain.genesis(), 1);
    for (int i = 0; i < 10; ++i) tick();
    EXPECT_FALSE(is_here(bad.back()));
}

}  // namespace
}  // namespace cairn::net
