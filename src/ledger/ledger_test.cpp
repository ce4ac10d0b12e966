#include "ledger/ledger.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ledger/testing/machine.hpp"

namespace cairn {
namespace {

using testing::book_of;
using testing::ChainBuilder;
using testing::Machine;
using testing::nobody;
using testing::replayed;

std::vector<BlockHash> hashes(const std::vector<BlockPtr>& blocks) {
    std::vector<BlockHash> out;
    for (const auto& block : blocks) out.push_back(block->header.hash);
    return out;
}

/// Pays the key 1, so that there is something to send.
ChainBuilder::Wish paying(ChainBuilder& chain, std::uint64_t key = 1) {
    ChainBuilder::Wish wish;
    wish.to = chain.keys().address(key);
    return wish;
}

ChainBuilder::Wish invalid() {
    ChainBuilder::Wish wish;
    wish.reward_more = 1;
    return wish;
}

TEST(LedgerOpen, AnEmptyStoreHoldsNoChain) {
    testing::MapStore store;
    const Staged rows{store.snapshot()};
    const auto opened = Ledger::open(ChainBuilder{}.params(), rows);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().detail, "the store holds no chain");
}

TEST(LedgerOpen, AnotherChainIsRefusedWithBothGenesisHashes) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    ChainSpec other = testing::easy_spec();
    other.subsidy += 1;
    const auto params = testing::params_of(other);
    const auto opened = Ledger::open(params, *machine.rows);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().detail.find(chain.genesis().to_string()), std::string::npos);
    EXPECT_NE(opened.error().detail.find(params->genesis().hash.to_string()), std::string::npos);
}

TEST(LedgerOpen, AMissingTipIsAnError) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const ByteView key = as_bytes("tip");
    machine.store.tamper(Table::meta, Bytes(key.begin(), key.end()), std::nullopt);
    const Staged rows{machine.store.snapshot()};
    EXPECT_FALSE(Ledger::open(chain.params(), rows));
}

TEST(LedgerOpen, EveryReadThatFailsIsAnError) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    for (std::size_t n = 0;; ++n) {
        machine.store.faults().reads = n;
        machine.store.faults().reads_seen = 0;
        const Staged rows{machine.store.snapshot()};
        const auto opened = Ledger::open(chain.params(), rows);
        if (machine.store.faults().reads_seen <= n) {
            EXPECT_TRUE(opened);
            EXPECT_GT(n, 2u);
            break;
        }
        EXPECT_FALSE(opened);
    }
}

TEST(Ledger, GenesisStandsAtHeightOne) {
    ChainSpec spec = testing::easy_spec();
    spec.opening = 7;
    spec.allocations = {{nobody(1), 100}, {nobody(2), 0}};
    ChainBuilder chain{spec};
    Machine machine{chain.params()};
    EXPECT_EQ(machine.tip().height, 1u);
    EXPECT_EQ(machine.tip().hash, chain.genesis());
    EXPECT_EQ(machine.tip().issued, 114u);
    EXPECT_EQ(tables::account(*machine.rows, nobody(1)), (Account{107, 0}));
    EXPECT_EQ(tables::account(*machine.rows, nobody(2)), (Account{7, 0}));
    EXPECT_FALSE(tables::account(*machine.rows, Address{}));
}

TEST(Ledger, ABlockMovesTheTipAndTheAccounts) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.grow(chain.genesis(), 1, paying(chain));
    ChainBuilder::Wish wish;
    wish.transfers = {chain.transfer(a[0]->header.hash, 1, nobody(9), 5, 2)};
    const auto b = chain.extend(a[0]->header.hash, wish);
    EXPECT_EQ(machine.add(a[0]).connected, hashes(a));
    EXPECT_EQ(machine.add(b).connected, hashes({b}));
    EXPECT_EQ(machine.tip().hash, b->header.hash);
    EXPECT_EQ(book_of(*machine.rows), chain.book(b->header.hash));
    EXPECT_EQ(tables::account(*machine.rows, nobody(9)), (Account{5, 0}));
}

TEST(Ledger, AKnownBlockIsNoErrorAndChangesNothing) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    machine.add(a);
    const auto before = machine.store.copy();
    EXPECT_EQ(machine.keep(a), false);
    EXPECT_TRUE(machine.settle().empty());
    EXPECT_TRUE(machine.store == before);
}

TEST(Ledger, BodiesMayComeInAnyOrderOnceTheirHeadersAreKnown) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 8);
    std::mt19937_64 random{4};  // fixed seed
    for (int round = 0; round < 20; ++round) {
        Machine machine{chain.params()};
        for (const auto& block : blocks)
            ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
        auto shuffled = blocks;
        std::shuffle(shuffled.begin(), shuffled.end(), random);
        for (const auto& block : shuffled) {
            machine.add(block);
            if (round % 2 == 0) machine.open();
        }
        EXPECT_EQ(machine.tip().hash, blocks.back()->header.hash);
        EXPECT_EQ(machine.digest(), replayed(chain, blocks.back()->header.hash));
    }
}

TEST(Ledger, ABlockWithoutItsParentIsRefused) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto blocks = chain.grow(chain.genesis(), 2);
    const auto kept = machine.keep(blocks[1]);
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().rule, Rule::parent_known);
    EXPECT_TRUE(machine.rows->empty());
}

TEST(ForkChoice, TheFirstOfTwoEqualTipsStaysAlsoOverARestart) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    const auto b = chain.extend(chain.genesis());
    machine.add(a);
    EXPECT_TRUE(machine.add(b).empty());
    machine.open();
    EXPECT_TRUE(machine.settle().empty());
    EXPECT_EQ(machine.tip().hash, a->header.hash);
    const auto b2 = chain.extend(b->header.hash);
    const auto change = machine.add(b2);
    EXPECT_EQ(change.disconnected, hashes({a}));
    EXPECT_EQ(change.connected, hashes({b, b2}));
}

TEST(ForkChoice, OfTwoHeavierTipsOfEqualWorkTheOneThatWasWholeFirstWins) {
    ChainBuilder chain;
    for (const bool swapped : {false, true}) {
        Machine machine{chain.params()};
        machine.add(chain.extend(chain.genesis()));
        auto first = chain.grow(chain.genesis(), 2);
        auto second = chain.grow(chain.genesis(), 2);
        if (swapped) std::swap(first, second);
        // The header of the second is known first: only bodies count.
        for (const auto& blocks : {second, first})
            for (const auto& block : blocks)
                ASSERT_TRUE(
                    machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
        for (const auto& blocks : {first, second})
            for (const auto& block : blocks) ASSERT_TRUE(machine.keep(block));
        machine.write();
        machine.open();
        machine.settle();
        EXPECT_EQ(machine.tip().hash, first[1]->header.hash);
    }
}

TEST(ForkChoice, FollowsMostWorkNotMostBlocks) {
    ChainSpec spec = testing::easy_spec();
    spec.mode = DifficultyMode::asert;
    spec.spacing = 100;
    spec.half_life = 100;
    ChainBuilder chain{spec};
    const UnixSeconds start = spec.genesis_time;
    std::vector<BlockPtr> many;
    std::vector<BlockPtr> heavy;
    BlockHash at = chain.genesis();
    for (UnixSeconds i = 1; i <= 8; ++i) {
        ChainBuilder::Wish wish;
        wish.time = start + 1000 * i;
        many.push_back(chain.extend(at, wish));
        at = many.back()->header.hash;
    }
    at = chain.genesis();
    for (int i = 1; i <= 5; ++i) {
        ChainBuilder::Wish wish;
        wish.time = start + 1;
        heavy.push_back(chain.extend(at, wish));
        at = heavy.back()->header.hash;
    }
    Machine machine{chain.params()};
    machine.add(many);
    EXPECT_EQ(machine.tip().height, 9u);
    const auto change = machine.add(heavy);
    EXPECT_EQ(machine.tip().height, 6u);
    EXPECT_EQ(machine.tip().hash, heavy.back()->header.hash);
    EXPECT_EQ(change.disconnected.size(), 8u);
    EXPECT_EQ(machine.digest(), replayed(chain, heavy.back()->header.hash));
}

TEST(Reorganisation, UndoesBalancesNoncesIssuedAndTheAbsenceOfAccounts) {
    ChainSpec spec = testing::easy_spec();
    spec.opening = 3;
    ChainBuilder chain{spec};
    Machine machine{chain.params()};
    const auto base = chain.extend(chain.genesis(), paying(chain));
    machine.add(base);
    const auto before = machine.digest();
    ChainBuilder::Wish wish;
    wish.transfers = {chain.transfer(base->header.hash, 1, nobody(5), 10, 1)};
    const auto a = chain.extend(base->header.hash, wish);
    machine.add(a);
    EXPECT_TRUE(tables::account(*machine.rows, nobody(5)));
    EXPECT_TRUE(tables::location(*machine.rows, wish.transfers[0]->id()));
    const auto b = chain.grow(base->header.hash, 2);
    machine.add(b);
    EXPECT_FALSE(tables::account(*machine.rows, nobody(5)));
    EXPECT_FALSE(tables::location(*machine.rows, wish.transfers[0]->id()));
    EXPECT_EQ(machine.digest(), replayed(chain, b.back()->header.hash));
    EXPECT_NE(machine.digest(), before);
    EXPECT_FALSE(tables::undo(*machine.rows, 3, a->header.hash));
}

TEST(InvalidBranch, ABadEndLeavesTheTipOnTheValidPartIfThatHasMoreWork) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.grow(chain.genesis(), 2);
    auto b = chain.grow(chain.genesis(), 3);
    b.push_back(chain.extend(b.back()->header.hash, invalid()));
    b.push_back(chain.extend(b.back()->header.hash));
    machine.add(a);
    for (const auto& block : b)
        ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
    for (auto block = b.rbegin(); block != b.rend(); ++block) ASSERT_TRUE(machine.keep(*block));
    const auto change = machine.settle();
    EXPECT_EQ(machine.tip().hash, b[2]->header.hash);
    EXPECT_EQ(change.disconnected, (hashes({a[1], a[0]})));
    EXPECT_EQ(change.connected, (hashes({b[0], b[1], b[2]})));
    EXPECT_EQ(machine.digest(), replayed(chain, b[2]->header.hash));
    ASSERT_TRUE(machine.ledger->last_invalid());
    EXPECT_EQ(machine.ledger->last_invalid()->first, b[3]->header.hash);
    EXPECT_EQ(machine.ledger->last_invalid()->second.rule, Rule::reward_amount);
}

TEST(InvalidBranch, ABadEndLeavesTheTipWhereItWasIfTheValidPartHasNoMoreWork) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.grow(chain.genesis(), 3);
    auto b = chain.grow(chain.genesis(), 3);
    b.push_back(chain.extend(b.back()->header.hash, invalid()));
    machine.add(a);
    const auto before = machine.digest();
    EXPECT_TRUE(machine.add(b).empty());
    EXPECT_EQ(machine.tip().hash, a.back()->header.hash);
    EXPECT_EQ(machine.digest(), before);
    // The valid part is still good to build on.
    const auto c = chain.extend(b[2]->header.hash);
    EXPECT_EQ(machine.add(c).connected, hashes({b[0], b[1], b[2], c}));
    EXPECT_EQ(machine.digest(), replayed(chain, c->header.hash));
}

TEST(InvalidBranch, IsRememberedWithItsDescendantsAlsoOverARestart) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto bad = chain.extend(chain.genesis(), invalid());
    const auto child = chain.extend(bad->header.hash);
    const auto grandchild = chain.extend(child->header.hash);
    ASSERT_TRUE(machine.ledger->add_header(bad->header, Machine::kNow, *machine.rows));
    ASSERT_TRUE(machine.ledger->add_header(child->header, Machine::kNow, *machine.rows));
    EXPECT_TRUE(machine.add(bad).empty());
    for (const bool reopened : {false, true}) {
        if (reopened) machine.open();
        for (const auto& block : {bad, child, grandchild}) {
            const auto kept = machine.keep(block);
            ASSERT_FALSE(kept);
            EXPECT_EQ(kept.error().rule, Rule::parent_valid);
        }
        EXPECT_EQ(machine.ledger->header(*machine.rows, bad->header.hash)->reason,
                  Rule::reward_amount);
        EXPECT_EQ(machine.ledger->header(*machine.rows, child->header.hash)->reason,
                  Rule::parent_valid);
    }
}

TEST(InvalidBranch, ACondemnedHeaderTakesItsDescendantsAlong) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    const auto b = chain.grow(chain.genesis(), 3);
    machine.add(a);
    for (const auto& block : b)
        ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
    ASSERT_TRUE(machine.keep(b[2]));
    machine.ledger->condemn(b[0]->header.hash, Rule::signature, *machine.rows);
    EXPECT_TRUE(machine.settle().empty());
    for (const auto& block : b) EXPECT_FALSE(machine.keep(block));
}

TEST(InvalidBranch, TheNextBestOfSeveralBranchesIsTakenAndTheChangeIsTheWayFromTipToTip) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis(), paying(chain));
    // Three blocks that hold and a fourth and fifth that do not.
    auto x = chain.grow(chain.genesis(), 2, paying(chain));
    x.push_back(chain.extend(x.back()->header.hash, invalid()));
    x.push_back(chain.extend(x.back()->header.hash));
    x.push_back(chain.extend(x.back()->header.hash));
    const auto y = chain.grow(chain.genesis(), 4, paying(chain));
    machine.add(a);
    for (const auto& block : x) ASSERT_TRUE(machine.keep(block));
    for (const auto& block : y) ASSERT_TRUE(machine.keep(block));
    const auto change = machine.settle();
    EXPECT_EQ(machine.tip().hash, y.back()->header.hash);
    EXPECT_EQ(change.disconnected, hashes({a}));
    EXPECT_EQ(change.connected, hashes(y));
    EXPECT_EQ(machine.digest(), replayed(chain, y.back()->header.hash));
}

class Sliced : public ::testing::TestWithParam<Ledger::Limits> {};

TEST_P(Sliced, ASwitchInSlicesEndsWhereOneInOneGoDoes) {
    ChainBuilder chain;
    const auto a = chain.grow(chain.genesis(), 12, paying(chain));
    auto b = chain.grow(chain.genesis(), 3, paying(chain));
    ChainBuilder::Wish wish = paying(chain, 2);
    for (int i = 0; i < 12; ++i) {
        const BlockHash at = b.back()->header.hash;
        wish.transfers = {chain.transfer(at, 1, nobody(static_cast<std::uint8_t>(i)), 5, 1)};
        b.push_back(chain.extend(at, wish));
    }
    for (const bool reopen : {false, true}) {
        Machine machine{chain.params(), GetParam()};
        machine.add(a);
        for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
        machine.write();
        machine.slices = 0;
        TipChange change;
        while (machine.ledger->advance(*machine.rows, change)) {
            machine.write();
            ASSERT_LT(++machine.slices, 1000u);
            EXPECT_EQ(book_of(*machine.rows), chain.book(machine.tip().hash));
            if (reopen && GetParam().slice_rows > 10) machine.open();
        }
        machine.write();
        EXPECT_GT(machine.slices, 1u);
        EXPECT_EQ(machine.tip().hash, b.back()->header.hash);
        EXPECT_EQ(machine.digest(), replayed(chain, b.back()->header.hash));
        EXPECT_EQ(change.disconnected, hashes({a.rbegin(), a.rend()}));
        EXPECT_EQ(change.connected, hashes(b));
    }
}

TEST_P(Sliced, ASwitchWhoseEndProvesInvalidGoesBackToTheOldTip) {
    ChainBuilder chain;
    const auto a = chain.grow(chain.genesis(), 12, paying(chain));
    auto b = chain.grow(chain.genesis(), 8, paying(chain));
    b.push_back(chain.extend(b.back()->header.hash, invalid()));
    for (int i = 0; i < 5; ++i) b.push_back(chain.extend(b.back()->header.hash));
    for (const bool reopen : {false, true}) {
        Machine machine{chain.params(), GetParam()};
        machine.add(a);
        for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
        machine.write();
        TipChange change;
        for (int slices = 0; machine.ledger->advance(*machine.rows, change); ++slices) {
            machine.write();
            ASSERT_LT(slices, 1000);
            if (reopen && GetParam().slice_rows > 10) machine.open();
        }
        machine.write();
        EXPECT_EQ(machine.tip().hash, a.back()->header.hash);
        EXPECT_TRUE(change.empty());
        EXPECT_EQ(machine.digest(), replayed(chain, a.back()->header.hash));
    }
}

TEST_P(Sliced, ATieOnTheWayIsNotWonByABranchThatProvesInvalidBeyondIt) {
    ChainBuilder chain;
    const auto a = chain.grow(chain.genesis(), 12, paying(chain));
    auto b = chain.grow(chain.genesis(), 12, paying(chain));
    b.push_back(chain.extend(b.back()->header.hash, invalid()));
    for (const bool reopen : {false, true}) {
        Machine machine{chain.params(), GetParam()};
        machine.add(a);
        for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
        machine.write();
        TipChange change;
        for (int slices = 0; machine.ledger->advance(*machine.rows, change); ++slices) {
            machine.write();
            ASSERT_LT(slices, 1000);
            if (reopen && GetParam().slice_rows > 10) machine.open();
        }
        machine.write();
        EXPECT_EQ(machine.tip().hash, a.back()->header.hash);
        EXPECT_EQ(machine.digest(), replayed(chain, a.back()->header.hash));
    }
}

INSTANTIATE_TEST_SUITE_P(Bounds, Sliced,
                         ::testing::Values(Ledger::Limits{Ledger::kOverlayMax, 1},
                                           Ledger::Limits{Ledger::kOverlayMax, 10},
                                           Ledger::Limits{1, 1000}, Ledger::Limits{600, 1000},
                                           Ledger::Limits{2000, 1000}, Ledger::Limits{1500, 7}));

TEST(LedgerSlices, AHeavierBranchThatAppearsHalfWayIsFollowed) {
    ChainBuilder chain;
    const auto a = chain.grow(chain.genesis(), 6);
    const auto b = chain.grow(chain.genesis(), 7);
    const auto longer = chain.extend(b.back()->header.hash);
    const auto c = chain.grow(chain.genesis(), 10);
    for (const bool same : {true, false}) {
        Machine machine{chain.params(), {Ledger::kOverlayMax, 12}};
        machine.add(a);
        for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
        TipChange change;
        ASSERT_TRUE(machine.ledger->advance(*machine.rows, change));
        machine.write();
        ASSERT_TRUE(machine.ledger->advance(*machine.rows, change));
        machine.write();
        if (same)
            ASSERT_TRUE(machine.keep(longer));
        else
            for (const auto& block : c) ASSERT_TRUE(machine.keep(block));
        machine.settle();
        const auto& end = same ? longer : c.back();
        EXPECT_EQ(machine.tip().hash, end->header.hash);
        EXPECT_EQ(machine.digest(), replayed(chain, end->header.hash));
    }
}

TEST(LedgerSlices, AHeavierBranchThatLeavesElsewhereBeginsAnew) {
    ChainBuilder chain;
    Machine machine{chain.params(), Ledger::Limits{Ledger::kOverlayMax, 1}};
    const auto best = chain.grow(chain.genesis(), 6);
    machine.add(best);
    for (const auto& block : chain.grow(chain.genesis(), 7)) EXPECT_TRUE(machine.keep(block));
    TipChange change;
    ASSERT_TRUE(machine.ledger->advance(*machine.rows, change));  // one block is undone so far
    const auto heavier = chain.grow(best[4]->header.hash, 4);
    for (const auto& block : heavier) EXPECT_TRUE(machine.keep(block));
    machine.settle();
    EXPECT_EQ(machine.tip().hash, heavier.back()->header.hash);
    EXPECT_EQ(machine.digest(), replayed(chain, heavier.back()->header.hash));
}

TEST(LedgerSlices, IsReachedThoughAnotherBranchOvertakesAgainAndAgain) {
    ChainBuilder chain;
    Machine machine{chain.params(), Ledger::Limits{Ledger::kOverlayMax, 1}};
    const auto best = chain.grow(chain.genesis(), 6);
    machine.add(best);
    auto b = chain.grow(chain.genesis(), 7);
    auto c = chain.grow(chain.genesis(), 8);
    for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
    TipChange change;
    for (int slice = 0; machine.tip().hash == best.back()->header.hash; ++slice) {
        ASSERT_LT(slice, 60);
        (void)machine.ledger->advance(*machine.rows, change);
        machine.write();
        if (slice == 2) {
            for (const auto& block : c) ASSERT_TRUE(machine.keep(block));
        }
        if (slice <= 2) continue;
        auto& behind = b.size() < c.size() ? b : c;
        for (int more = 0; more < 2; ++more) {
            behind.push_back(chain.extend(behind.back()->header.hash));
            ASSERT_TRUE(machine.keep(behind.back()));
        }
    }
    EXPECT_GT(machine.tip().height, best.size() + 1);
    machine.settle();
    const auto& end = b.size() > c.size() ? b : c;
    EXPECT_EQ(machine.tip().hash, end.back()->header.hash);
    EXPECT_EQ(machine.digest(), replayed(chain, end.back()->header.hash));
}

TEST(LedgerSlices, TheWayToALongBranchIsFoundInSlices) {
    ChainBuilder chain;
    Machine machine{chain.params(), Ledger::Limits{Ledger::kOverlayMax, 10}};
    for (const auto& block : chain.grow(chain.genesis(), 45)) EXPECT_TRUE(machine.keep(block));
    TipChange change;
    for (int slice = 0; slice < 4; ++slice) {
        ASSERT_TRUE(machine.ledger->advance(*machine.rows, change));
        EXPECT_EQ(machine.ledger->moved(), 0U);
    }
    ASSERT_TRUE(machine.ledger->advance(*machine.rows, change));
    EXPECT_GT(machine.ledger->moved(), 0U);
}

TEST(LedgerSlices, WhatIsDoneOfABranchThatIsAheadIsATipAtOnce) {
    ChainBuilder chain;
    Machine machine{chain.params(), Ledger::Limits{Ledger::kOverlayMax, 20}};
    for (const auto& block : chain.grow(chain.genesis(), 15)) EXPECT_TRUE(machine.keep(block));
    TipChange change;
    ASSERT_TRUE(machine.ledger->advance(*machine.rows, change));
    EXPECT_GT(machine.tip().height, 1U);
    EXPECT_LT(machine.tip().height, 16U);
    EXPECT_EQ(change.connected.size(), machine.tip().height - 1);
}

TEST(LedgerSlices, ABlockIsCondemnedAtOnceAndWhatStandsOnItInSlices) {
    ChainBuilder chain;
    Machine machine{chain.params(), Ledger::Limits{Ledger::kOverlayMax, 10}};
    const auto a = chain.grow(chain.genesis(), 2);
    machine.add(a);
    const auto b = chain.grow(chain.genesis(), 2 * Ledger::kChildrenAtOnce + 40);
    for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
    const auto is_invalid = [&](const BlockPtr& block) {
        return machine.ledger->header(*machine.rows, block->header.hash)->invalid;
    };
    machine.ledger->condemn(b[0]->header.hash, Rule::reward_amount, *machine.rows);
    EXPECT_TRUE(is_invalid(b[0]));
    EXPECT_FALSE(is_invalid(b.back()));
    TipChange change;
    int slices = 0;
    while (machine.ledger->advance(*machine.rows, change)) ++slices;
    EXPECT_GT(slices, 1);
    for (const auto& block : b) EXPECT_TRUE(is_invalid(block));
    EXPECT_EQ(machine.tip().hash, a.back()->header.hash);
}

TEST(LedgerSlices, ACrashBeforeAllIsCondemnedLetsNothingOfItIn) {
    ChainBuilder chain;
    Machine machine{chain.params(), Ledger::Limits{Ledger::kOverlayMax, 10}};
    const auto a = chain.grow(chain.genesis(), 2);
    machine.add(a);
    const auto b = chain.grow(chain.genesis(), 40);
    for (const auto& block : b) ASSERT_TRUE(machine.keep(block));
    machine.ledger->condemn(b[0]->header.hash, Rule::reward_amount, *machine.rows);
    machine.write();
    machine.open();
    machine.settle();
    EXPECT_EQ(machine.tip().hash, a.back()->header.hash);
    for (const auto& block : b)
        EXPECT_TRUE(machine.ledger->header(*machine.rows, block->header.hash)->invalid);
}

TEST(LedgerFaults, AnyReadThatFailsPoisonsTheStagedRowsAndNothingIsLost) {
    ChainBuilder chain;
    const auto a = chain.grow(chain.genesis(), 4, paying(chain));
    auto b = chain.grow(chain.genesis(), 2, paying(chain));
    ChainBuilder::Wish wish;
    wish.transfers = {chain.transfer(b.back()->header.hash, 1, nobody(3), 5, 1)};
    b.push_back(chain.extend(b.back()->header.hash, wish));
    for (const auto& block : chain.grow(b.back()->header.hash, 2)) b.push_back(block);

    Machine machine{chain.params()};
    machine.add(a);
    machine.add({b.begin(), b.end() - 1});
    const auto before = machine.store.copy();
    std::size_t struck = 0;
    for (std::size_t n = 0;; ++n) {
        machine.store = before.copy();
        machine.open();
        auto& faults = machine.store.faults();
        faults.reads_seen = 0;
        faults.reads = n;
        TipChange change;
        const auto kept = machine.keep(b.back());
        while (machine.ledger->advance(*machine.rows, change)) {
        }
        machine.ledger->stage_marks(*machine.rows);
        if (faults.reads_seen <= n) break;
        ++struck;
        EXPECT_TRUE(machine.rows->fault()) << "read " << n;
        faults.reads.reset();
        machine.open();  // what the node does after a fault
        machine.add(b.back());
        EXPECT_EQ(machine.tip().hash, b.back()->header.hash) << "read " << n;
        EXPECT_EQ(book_of(*machine.rows), chain.book(b.back()->header.hash));
    }
    EXPECT_GT(struck, 20u);
    machine.settle();
    EXPECT_EQ(machine.tip().hash, b.back()->header.hash);
}

/// A ledger about to leave one block for a branch of two, all of whose rows a test may take away.
struct DamagedSwitch {
    ChainBuilder chain;
    BlockPtr left = chain.extend(chain.genesis());
    std::vector<BlockPtr> right = chain.grow(chain.genesis(), 2);
    Machine machine{chain.params()};

    DamagedSwitch() { machine.add({left, right[0]}); }
    /// Goes on with the last block after that row was changed; the fault it ends in.
    StoreError go_on(Table table, const Bytes& key, std::optional<Bytes> value) {
        machine.store.tamper(table, key, std::move(value));
        machine.open();
        EXPECT_TRUE(machine.keep(right[1]));
        TipChange change;
        EXPECT_FALSE(machine.ledger->advance(*machine.rows, change));
        EXPECT_TRUE(change.empty());
        EXPECT_EQ(machine.tip().hash, left->header.hash);
        return machine.rows->fault().value_or(StoreError{StoreFault::io, "no fault"});
    }
};

Bytes header_key(const BlockHash& hash) {
    Bytes key{0};
    append(key, hash.bytes);
    return key;
}

TEST(LedgerDamage, AMissingRowOfALinkedBranchIsACorruptStoreAndNamesTheBlock) {
    const auto told = [](Table table, const auto& key_of) {
        DamagedSwitch damaged;
        const auto [block, key] = key_of(damaged);
        const auto fault = damaged.go_on(table, key, std::nullopt);
        EXPECT_EQ(fault.fault, StoreFault::corrupt);
        EXPECT_EQ(fault.detail, "a row of block " + block.to_string() +
                                    " is missing or damaged: restore a backup or import an export");
    };
    using Place = std::pair<BlockHash, Bytes>;
    const auto body = [](const BlockPtr& block) {
        return Place{block->header.hash, tables::block_key(2, block->header.hash)};
    };
    told(Table::undo, [&](DamagedSwitch& on) { return body(on.left); });
    told(Table::blocks, [&](DamagedSwitch& on) { return body(on.left); });
    told(Table::blocks, [&](DamagedSwitch& on) { return body(on.right[0]); });
    told(Table::headers, [&](DamagedSwitch& on) {
        return Place{on.left->header.hash, header_key(on.left->header.hash)};
    });
    // Without the row of genesis on the best chain the way down ends beneath it, at no block at
    // all.
    told(Table::best, [&](DamagedSwitch&) { return Place{BlockHash{}, tables::height_key(1)}; });
}

TEST(LedgerDamage, ARowThatDoesNotDecodeIsAsGood) {
    DamagedSwitch damaged;
    const BlockHash hash = damaged.right[0]->header.hash;
    EXPECT_EQ(damaged.go_on(Table::blocks, tables::block_key(2, hash), Bytes{1, 2, 3}).fault,
              StoreFault::corrupt);
    EXPECT_EQ(damaged.machine.ledger->block(*damaged.machine.rows, hash), nullptr);
}

TEST(LedgerDamage, AChildWithoutAHeaderIsACorruptStore) {
    for (const bool condemned : {true, false}) {
        ChainBuilder chain;
        Machine machine{chain.params()};
        const auto blocks = chain.grow(chain.genesis(), 2);
        for (const auto& block : blocks)
            ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
        machine.write();
        machine.store.tamper(Table::headers, header_key(blocks[1]->header.hash), std::nullopt);
        machine.open();
        if (condemned)
            machine.ledger->condemn(blocks[0]->header.hash, Rule::malformed, *machine.rows);
        else
            EXPECT_TRUE(machine.keep(blocks[0]));
        ASSERT_TRUE(machine.rows->fault());
        EXPECT_EQ(machine.rows->fault()->fault, StoreFault::corrupt);
    }
}

TEST(LedgerDamage, AHeaderMissingAmongTheElevenOfTheMedianIsACorruptStore) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto blocks = chain.grow(chain.genesis(), 12);
    machine.add(blocks);
    for (const std::size_t gone : {0U, 1U, 2U, 11U}) {
        Machine damaged{chain.params()};
        damaged.store = machine.store.copy();
        damaged.store.tamper(Table::headers, header_key(blocks[gone]->header.hash), std::nullopt);
        damaged.open();
        (void)damaged.ledger->next_context(*damaged.rows);
        EXPECT_EQ(damaged.rows->fault().has_value(), gone > 0)
            << gone;  // the twelfth is not asked for
    }
}

TEST(Path, LeadsDownToTheCommonAncestorAndUpAgain) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    std::vector<BlockHash> all{chain.genesis()};
    const std::uint64_t seed = 11;
    std::mt19937_64 random{seed};
    for (int i = 0; i < 60; ++i) {
        const auto block = chain.extend(all[random() % all.size()]);
        all.push_back(block->header.hash);
        machine.add(block);
    }
    for (int i = 0; i < 500; ++i) {
        const BlockHash from = all[random() % all.size()];
        const BlockHash to = all[random() % all.size()];
        const auto way = path(*machine.rows, from, to);
        ASSERT_TRUE(way);
        BlockHash at = from;
        for (const auto& down : way->disconnected) {
            ASSERT_EQ(down, at);
            at = chain.parent(at);
        }
        for (const auto& up : way->connected) {
            ASSERT_EQ(chain.parent(up), at);
            at = up;
        }
        EXPECT_EQ(at, to);
        for (const auto& down : way->disconnected)
            EXPECT_EQ(std::count(way->connected.begin(), way->connected.end(), down), 0);
    }
}

TEST(Path, OfUnknownBlocksOrWithoutABodyIsNone) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    const BlockHash hash = a->header.hash;
    EXPECT_FALSE(path(*machine.rows, chain.genesis(), hash));
    EXPECT_FALSE(path(*machine.rows, hash, chain.genesis()));
    ASSERT_TRUE(machine.ledger->add_header(a->header, Machine::kNow, *machine.rows));
    EXPECT_FALSE(path(*machine.rows, chain.genesis(), hash));
    machine.add(a);
    EXPECT_TRUE(path(*machine.rows, chain.genesis(), hash));
}

TEST(LedgerBlock, IsFoundAmongTheNewestAndInTheStore) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto blocks = chain.grow(chain.genesis(), 12);
    machine.add(blocks);
    for (const auto& block : blocks)
        EXPECT_EQ(*machine.ledger->block(*machine.rows, block->header.hash)->bytes, *block->bytes);
    EXPECT_EQ(machine.ledger->block(*machine.rows, BlockHash{}), nullptr);
    EXPECT_EQ(*machine.ledger->block(*machine.rows, chain.genesis())->bytes,
              chain.params()->genesis_bytes());
}

TEST(LedgerContext, OfTheNextBlockIsThatOfTheBestChain) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    machine.add(chain.grow(chain.genesis(), 12));
    const auto next = machine.ledger->next_context(*machine.rows);
    EXPECT_EQ(next.height, 14u);
    EXPECT_EQ(next.required_bits, CompactBits{0x207fffff});
    EXPECT_EQ(next.median_time, 1'000'000u + 70);
}

BlockHash numbered(std::uint64_t number) {
    BlockHash hash;
    for (std::size_t i = 0; i < 8; ++i)
        hash.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return hash;
}

TEST(TipChange, GoesOnFromWhereItEndedAndAStepBackTakesBackTheStepItUndoes) {
    const auto [a, b, c, d] = std::tuple{numbered(1), numbered(2), numbered(3), numbered(4)};
    TipChange way{{a}, {b, c}};
    way.append(TipChange{{c, b}, {d}});  // b and c leave again
    EXPECT_EQ(way.disconnected, std::vector{a});
    EXPECT_EQ(way.connected, std::vector{d});
    way.append(TipChange{{d}, {a}});  // and back to the beginning
    EXPECT_TRUE(way.empty());
    way.append(TipChange{{b}, {}});
    EXPECT_FALSE(way.empty());
    EXPECT_EQ(way.disconnected, std::vector{b});
}

TEST(HeaderTree, HoldsMoreHeadersThanItsCacheAndReadsTheOthersAgain) {
    testing::MapStore store;
    Staged rows{store.snapshot()};
    HeaderTree tree;
    HeaderRecord record;
    for (std::uint64_t i = 0; i <= HeaderTree::kCacheMax; ++i) {
        record.height = i;
        tree.put(rows, numbered(i), record);
    }
    ASSERT_TRUE(store.write(std::move(rows).to_batch()));
    const Staged written{store.snapshot()};
    for (std::uint64_t i = 0; i <= HeaderTree::kCacheMax + 1; ++i) {
        const auto found = tree.find(written, numbered(i));
        ASSERT_EQ(found.has_value(), i <= HeaderTree::kCacheMax) << i;
        if (found) {
            ASSERT_EQ(found->height, i);
        }
    }
    EXPECT_GE(store.faults().reads_seen, HeaderTree::kCacheMax);  // they were not all kept
    EXPECT_FALSE(written.fault());
}

TEST(LedgerOpen, TriesOnlyStoredCandidatesThatCanStillWin) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto best = chain.grow(chain.genesis(), 2);
    const auto lesser = chain.extend(chain.genesis());
    const auto equal = chain.grow(chain.genesis(), 2);
    const auto bodiless = chain.grow(chain.genesis(), 3);
    machine.add(best);
    machine.add(lesser);
    machine.add(equal);
    for (const auto& block : bodiless)
        ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
    machine.write();
    Staged more{machine.store.snapshot()};
    // Less work, as much, no body, unknown.
    for (const auto& hash :
         {lesser->header.hash, equal[1]->header.hash, bodiless[2]->header.hash, BlockHash{}})
        tables::put_mark(more, tables::Mark::candidate, hash);
    ASSERT_TRUE(machine.store.write(std::move(more).to_batch()));
    machine.open();
    EXPECT_TRUE(machine.settle().empty());
    EXPECT_EQ(machine.tip().hash, best[1]->header.hash);
    EXPECT_TRUE(
        tables::marked(*machine.rows, tables::Mark::candidate).empty());  // and they are forgotten

    const auto heavier = chain.grow(best[0]->header.hash, 2);
    for (const auto& block : heavier) EXPECT_TRUE(machine.keep(block));
    machine.write();  // a crash before `advance`
    Staged invalid{machine.store.snapshot()};
    auto record = *tables::header(invalid, heavier[1]->header.hash);
    record.invalid = true;
    tables::put_header(invalid, heavier[1]->header.hash, record);
    ASSERT_TRUE(machine.store.write(std::move(invalid).to_batch()));
    machine.open();
    EXPECT_TRUE(machine.settle().empty());
    EXPECT_EQ(machine.tip().hash, best[1]->header.hash);
}

TEST(InvalidBranch, ABlockCondemnedBeforeItsParentKeepsItsReason) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto blocks = chain.grow(chain.genesis(), 3);
    for (const auto& block : blocks)
        ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
    const auto reason = [&](std::size_t i) {
        return machine.ledger->header(*machine.rows, blocks[i]->header.hash)->reason;
    };
    machine.ledger->condemn(blocks[1]->header.hash, Rule::overdraft, *machine.rows);
    machine.ledger->condemn(blocks[0]->header.hash, Rule::bits_required, *machine.rows);
    EXPECT_EQ(reason(0), Rule::bits_required);
    EXPECT_EQ(reason(1), Rule::overdraft);
    EXPECT_EQ(reason(2), Rule::parent_valid);
}

TEST(InvalidBranch, ABodyThatWaitedIsNotLinkedOnceItIsCondemned) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto blocks = chain.grow(chain.genesis(), 2);
    for (const auto& block : blocks)
        ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
    ASSERT_TRUE(machine.keep(blocks[1]));
    machine.ledger->condemn(blocks[1]->header.hash, Rule::overdraft, *machine.rows);
    machine.add(blocks[0]);
    EXPECT_EQ(machine.tip().hash, blocks[0]->header.hash);
    EXPECT_FALSE(machine.ledger->header(*machine.rows, blocks[1]->header.hash)->linked);
    EXPECT_FALSE(machine.ledger->last_invalid());  // it was never tried
}

TEST(LedgerBlock, OfAHeaderWithoutABodyIsNoneAndNoFault) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    ASSERT_TRUE(machine.ledger->add_header(a->header, Machine::kNow, *machine.rows));
    EXPECT_EQ(machine.ledger->block(*machine.rows, a->header.hash), nullptr);
    EXPECT_EQ(machine.ledger->block(*machine.rows, BlockHash{}), nullptr);
    EXPECT_FALSE(machine.rows->fault());
}

TEST(LedgerBlock, TheGenesisBlockMayHoldManyRewards) {
    ChainSpec spec = testing::easy_spec();
    spec.allocations = {{nobody(1), 100}, {nobody(2), 5}, {nobody(3), 7}};
    ChainBuilder chain{spec};
    Machine machine{chain.params()};
    const auto genesis = machine.ledger->block(*machine.rows, chain.genesis());
    ASSERT_TRUE(genesis);
    EXPECT_EQ(genesis->reward.recipient, Address{});  // the first, of nothing to nobody
    EXPECT_EQ(genesis->reward.amount, 0u);
    EXPECT_TRUE(genesis->transfers.empty());
}

}  // namespace
}  // namespace cairn
