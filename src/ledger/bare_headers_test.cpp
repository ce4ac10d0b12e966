#include <gtest/gtest.h>

#include "ledger/testing/machine.hpp"

/// Headers whose blocks are not here, and walks over many of them.
namespace cairn {
namespace {

using testing::ChainBuilder;
using testing::Machine;

constexpr std::size_t kManyHeaders = Ledger::kChildrenAtOnce + 200;

class BareHeaders : public ::testing::Test {
protected:
    void tell(const std::vector<BlockPtr>& blocks) {
        for (const auto& block : blocks)
            ASSERT_TRUE(machine.ledger->add_header(block->header, Machine::kNow, *machine.rows));
    }
    [[nodiscard]] std::size_t invalid(const std::vector<BlockPtr>& blocks) {
        return static_cast<std::size_t>(
            std::count_if(blocks.begin(), blocks.end(), [&](const BlockPtr& block) {
                return machine.ledger->header(*machine.rows, block->header.hash)->invalid;
            }));
    }
    ChainBuilder chain;
    Machine machine{chain.params()};
};

TEST_F(BareHeaders, AreCountedUntilTheirBlocksCome) {
    const auto blocks = chain.grow(chain.genesis(), 4);
    tell(blocks);
    tell(blocks);  // known by now
    EXPECT_EQ(machine.ledger->bare(), 4u);
    machine.write();
    machine.open();
    EXPECT_EQ(machine.ledger->bare(), 4u);
    EXPECT_EQ(tables::bare_headers(*machine.rows, std::nullopt, 9).size(), 4u);
    machine.add({blocks[0], blocks[1]});
    EXPECT_EQ(machine.ledger->bare(), 2u);
    machine.add(chain.extend(blocks[1]->header.hash));  // never without its block
    EXPECT_EQ(machine.ledger->bare(), 2u);
    machine.add({blocks[2], blocks[3]});
    EXPECT_EQ(machine.ledger->bare(), 0u);
    EXPECT_TRUE(tables::bare_headers(*machine.rows, std::nullopt, 9).empty());
}

TEST_F(BareHeaders, AreListedFromTheHighestDown) {
    const auto blocks = chain.grow(chain.genesis(), 4);
    tell(blocks);
    const auto first = tables::bare_headers(*machine.rows, std::nullopt, 3);
    ASSERT_EQ(first.size(), 3u);
    EXPECT_EQ(first[0], (tables::BareHeader{5, blocks[3]->header.hash}));
    const auto rest = tables::bare_headers(*machine.rows, first.back(), 3);
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0], (tables::BareHeader{2, blocks[0]->header.hash}));
}

TEST_F(BareHeaders, LeaveTheStoreOnlyWithNothingOnThem) {
    const auto blocks = chain.grow(chain.genesis(), 3);
    tell(blocks);
    EXPECT_FALSE(machine.ledger->forget(blocks[1]->header.hash, *machine.rows));
    EXPECT_TRUE(machine.ledger->forget(blocks[2]->header.hash, *machine.rows));
    EXPECT_FALSE(machine.ledger->forget(blocks[2]->header.hash, *machine.rows));
    EXPECT_TRUE(machine.ledger->forget(blocks[1]->header.hash, *machine.rows));
    EXPECT_EQ(machine.ledger->bare(), 1u);
    machine.write();
    machine.open();
    EXPECT_EQ(machine.ledger->bare(), 1u);
    EXPECT_FALSE(machine.ledger->header(*machine.rows, blocks[1]->header.hash));
    EXPECT_TRUE(tables::children(*machine.rows, blocks[0]->header.hash).empty());
    // And come again as if they had never been here.
    machine.add(blocks);
    EXPECT_EQ(machine.tip().hash, blocks[2]->header.hash);
}

TEST_F(BareHeaders, OfABlockThatIsHereAreNone) {
    const auto blocks = chain.grow(chain.genesis(), 2);
    const auto stale = chain.extend(chain.genesis());
    machine.add(blocks);
    machine.add(stale);
    for (const auto& block : {blocks[0], blocks[1], stale})
        EXPECT_FALSE(machine.ledger->forget(block->header.hash, *machine.rows));
    EXPECT_FALSE(machine.ledger->forget(chain.genesis(), *machine.rows));
    EXPECT_FALSE(machine.ledger->forget(BlockHash{}, *machine.rows));
}

TEST_F(BareHeaders, AreGoneAfterARestartOfTheChain) {
    tell(chain.grow(chain.genesis(), 2));
    machine.rows->clear(Table::headers);
    stage_genesis(*chain.params(), *machine.rows);
    EXPECT_EQ(tables::bare_count(*machine.rows), 0u);
}

/// However many stand on a condemned one: so many at once, and until then the tip does not move.
TEST_F(BareHeaders, OnACondemnedOneAreMarkedByAndByAlsoOverACrash) {
    const auto bad = chain.grow(chain.genesis(), kManyHeaders);
    const auto good = chain.extend(chain.genesis());
    tell(bad);
    machine.write();
    for (const bool crashes : {false, true}) {
        const auto before = machine.store.copy();
        machine.ledger->condemn(bad.front()->header.hash, Rule::reward_amount, *machine.rows);
        const std::size_t at_once = invalid(bad);
        EXPECT_GE(at_once, 1u);
        EXPECT_LE(at_once, Ledger::kChildrenAtOnce + 1);
        ASSERT_TRUE(machine.keep(good));
        machine.write();
        if (crashes) machine.open();
        machine.settle();
        EXPECT_EQ(invalid(bad), bad.size());
        EXPECT_EQ(machine.tip().hash, good->header.hash);
        EXPECT_EQ(machine.ledger->header(*machine.rows, bad.back()->header.hash)->reason,
                  Rule::parent_valid);
        machine.store = before.copy();
        machine.open();
    }
}

TEST_F(BareHeaders, ManyOnOneAreMarkedByAndBy) {
    const auto parent = chain.extend(chain.genesis());
    std::vector<BlockPtr> children;
    for (std::size_t i = 0; i < kManyHeaders; ++i) {
        ChainBuilder::Wish wish;
        wish.to = chain.keys().address(1 + i);
        children.push_back(chain.extend(parent->header.hash, wish));
    }
    tell({parent});
    tell(children);
    machine.ledger->condemn(parent->header.hash, Rule::reward_amount, *machine.rows);
    EXPECT_LE(invalid(children), Ledger::kChildrenAtOnce);
    machine.write();
    machine.open();
    machine.settle();
    EXPECT_EQ(invalid(children), children.size());
}

/// Blocks that waited for one that comes last.
TEST_F(BareHeaders, ManyThatWaitForABlockAreLinkedByAndByAlsoOverACrash) {
    const auto blocks = chain.grow(chain.genesis(), kManyHeaders);
    tell(blocks);
    for (auto block = blocks.rbegin(); block + 1 != blocks.rend(); ++block)
        ASSERT_TRUE(machine.keep(*block));
    machine.write();
    for (const bool crashes : {false, true}) {
        const auto before = machine.store.copy();
        ASSERT_TRUE(machine.keep(blocks.front()));
        EXPECT_FALSE(machine.ledger->header(*machine.rows, blocks.back()->header.hash)->linked);
        machine.write();
        if (crashes) machine.open();
        machine.settle();
        EXPECT_EQ(machine.tip().hash, blocks.back()->header.hash);
        EXPECT_TRUE(tables::marked(*machine.rows, tables::Mark::to_link).empty());
        machine.store = before.copy();
        machine.open();
    }
}

}  // namespace
}  // namespace cairn
