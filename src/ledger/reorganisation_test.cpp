#include <gtest/gtest.h>

#include <random>

#include "ledger/testing/machine.hpp"

namespace cairn {
namespace {

using testing::BlockWish;
using testing::ChainBuilder;
using testing::Machine;

constexpr std::uint64_t kKeys = 6;

/// A block of random transfers between a few keys, all of which hold.
BlockPtr lively(ChainBuilder& chain, const BlockHash& at, std::mt19937_64& random) {
    BlockWish wish;
    wish.to = chain.keys().address(random() % kKeys);
    std::map<std::uint64_t, bool> used;
    for (auto count = random() % 3; count > 0; --count) {
        const std::uint64_t from = random() % kKeys;
        const auto& accounts = chain.book(at).accounts;
        const auto known = accounts.find(chain.keys().address(from));
        if (used[from] || known == accounts.end() || known->second.balance < 200) continue;
        used[from] = true;
        // Sometimes to somebody new, sometimes to oneself.
        wish.transfers.push_back(chain.transfer(at, from,
                                                chain.keys().address(random() % (kKeys * 3)),
                                                1 + random() % 100, random() % 100));
    }
    return chain.extend(at, wish);
}

std::vector<BlockPtr> branch(ChainBuilder& chain, BlockHash at, std::size_t count,
                             std::mt19937_64& random) {
    std::vector<BlockPtr> blocks;
    for (std::size_t i = 0; i < count; ++i) {
        blocks.push_back(lively(chain, at, random));
        at = blocks.back()->header.hash;
    }
    return blocks;
}

TEST(Reorganisation, OfAnyDepthEndsInTheStateThatAReplayFromGenesisHas) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        ChainSpec spec = testing::easy_spec();
        spec.opening = seed % 2 == 0 ? 500 : 0;
        spec.subsidy = 1000;
        spec.halving_interval = 20;
        ChainBuilder chain{spec};
        Machine machine{chain.params(),
                        seed % 3 == 0 ? Ledger::Limits{3000, 40} : Ledger::Limits{}};
        const std::size_t depth =
            seed <= 2 ? 99 * seed - 98 : 1 + random() % 100;  // 1, 100, then any
        const auto base = branch(chain, chain.genesis(), 5, random);
        const BlockHash fork = base.back()->header.hash;
        const auto left = branch(chain, fork, depth, random);
        auto right = branch(chain, fork, depth + 1, random);
        machine.add(base);
        machine.add(left);
        EXPECT_EQ(testing::book_of(*machine.rows), chain.book(left.back()->header.hash));
        machine.add(right);
        const BlockHash tip = right.back()->header.hash;
        EXPECT_EQ(machine.tip().hash, tip);
        EXPECT_EQ(testing::book_of(*machine.rows), chain.book(tip));
        EXPECT_EQ(testing::sum_of_balances(*machine.rows), machine.tip().issued);
        EXPECT_EQ(machine.digest(), testing::replayed(chain, tip));
        // And back again, two blocks further.
        const auto more = branch(chain, left.back()->header.hash, 2, random);
        machine.add(more);
        EXPECT_EQ(machine.tip().hash, more.back()->header.hash);
        EXPECT_EQ(machine.digest(), testing::replayed(chain, more.back()->header.hash));
        Machine fresh{chain.params()};
        for (const auto& block : chain.way_to(more.back()->header.hash)) fresh.add(block);
        EXPECT_EQ(testing::state_digest(*machine.rows), testing::state_digest(*fresh.rows));
    }
}

TEST(TransactionIndex, TellsWhereABestChainsTransactionsStand) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    BlockWish paid;
    paid.to = chain.keys().address(1);
    const auto a = chain.extend(chain.genesis(), paid);
    BlockWish wish;
    const Address self = chain.keys().address(1);
    wish.transfers = {chain.keys().transfer(*chain.params(), 1, 0, testing::nobody(5), 3, 1, 300),
                      chain.keys().transfer(*chain.params(), 1, 1, self, 4)};
    wish.to = self;
    const auto b = chain.extend(a->header.hash, wish);
    machine.add({a, b});
    for (std::size_t i = 0; i < 2; ++i) {
        const auto where = tables::location(*machine.rows, wish.transfers[i]->id());
        ASSERT_TRUE(where);
        EXPECT_EQ(where->height, 3u);
        EXPECT_EQ(where->position, i + 1);
        const auto bytes = ByteView{*b->bytes}.subspan(where->offset, where->size);
        EXPECT_TRUE(std::ranges::equal(bytes, wish.transfers[i]->bytes()));
    }
    const auto reward = tables::location(*machine.rows, b->reward_id);
    ASSERT_TRUE(reward);
    EXPECT_TRUE(std::ranges::equal(ByteView{*b->bytes}.subspan(reward->offset, reward->size),
                                   encode(b->reward)));
    EXPECT_FALSE(tables::location(*machine.rows, Txid{}));

    const auto all = tables::history(*machine.rows, self, std::nullopt, 10);
    ASSERT_EQ(all.size(), 4u);  // newest first
    EXPECT_EQ(all[0].id, wish.transfers[1]->id());
    EXPECT_EQ(all[0].direction, kOutgoing | kIncoming);
    EXPECT_EQ(all[1].id, wish.transfers[0]->id());
    EXPECT_EQ(all[1].direction, kOutgoing);
    EXPECT_EQ(all[2].id, b->reward_id);
    EXPECT_EQ(all[2].direction, kIncoming);
    EXPECT_EQ(all[3].height, 2u);
    const auto rest =
        tables::history(*machine.rows, self, std::pair{all[1].height, all[1].position}, 1);
    ASSERT_EQ(rest.size(), 1u);
    EXPECT_EQ(rest[0].id, all[2].id);
}

TEST(Tables, RowsThatAreTooShortAreNone) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    machine.add(a);
    const BlockHash hash = a->header.hash;
    const auto cut = [](const Bytes& value) { return Bytes(value.begin(), value.end() - 1); };
    auto& store = machine.store;
    for (const auto table : {Table::headers, Table::undo, Table::best})
        for (const auto& [key, value] : testing::MapStore::Rows{store.rows(table)})
            if (!value.empty()) store.tamper(table, key, cut(value));
    const Staged rows{store.snapshot()};
    EXPECT_FALSE(tables::header(rows, hash));
    EXPECT_FALSE(tables::undo(rows, 2, hash));
    EXPECT_FALSE(tables::best(rows, 2));
}

TEST(Tables, RowsThatAreTooLongAreNone) {
    ChainBuilder chain;
    Machine machine{chain.params()};
    const auto a = chain.extend(chain.genesis());
    machine.add(a);
    auto& store = machine.store;
    for (const auto table : {Table::meta, Table::headers, Table::undo, Table::best})
        for (const auto& [key, value] : testing::MapStore::Rows{store.rows(table)}) {
            Bytes longer = value;
            longer.push_back(0);
            store.tamper(table, key, longer);
        }
    const Staged rows{store.snapshot()};
    EXPECT_FALSE(tables::header(rows, a->header.hash));
    EXPECT_FALSE(tables::undo(rows, 2, a->header.hash));
    EXPECT_FALSE(tables::best(rows, 2));
    EXPECT_FALSE(tables::tip(rows));
    EXPECT_FALSE(tables::chain(rows));
}

TEST(Tables, AnUndoRowThatPromisesMoreThanItHoldsEndsWhereItEnds) {
    testing::MapStore store;
    Writer writer;
    writer.integer(std::uint64_t{5}).varint(std::uint64_t{1} << 60);
    store.tamper(Table::undo, tables::block_key(2, BlockHash{}), writer.take());
    EXPECT_FALSE(tables::undo(Staged{store.snapshot()}, 2, BlockHash{}));
}

TEST(Tables, AKeyThatIsNoHashIsNoChild) {
    testing::MapStore store;
    Staged rows{store.snapshot()};
    BlockHash child;
    child.bytes.fill(7);
    tables::put_child(rows, BlockHash{}, child);
    for (const std::size_t size : {0U, 31U, 33U})
        rows.put(Table::headers, Bytes(33 + size, size == 0 ? 1 : 0), {});
    Bytes shorter{1};
    shorter.insert(shorter.end(), 32 + 31, 0);
    rows.put(Table::headers, shorter, {});
    EXPECT_EQ(tables::children(rows, BlockHash{}), std::vector{child});
}

}  // namespace
}  // namespace cairn
