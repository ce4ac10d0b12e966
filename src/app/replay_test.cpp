#include "app/replay.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "ledger/testing/chain_builder.hpp"
#include "node/node.hpp"
#include "storage/memory_store.hpp"
#include "storage/testing/store_driver.hpp"

namespace cairn {
namespace {

using testing::BlockWish;
using testing::ChainBuilder;
using testing::nobody;

constexpr Now kNow{0, 1'500'000'000};

/// A store with transfers on its best chain, in its pool, and a branch that lost.
class ReplayTest : public ::testing::Test {
protected:
    static ChainSpec spec() {
        ChainSpec spec = testing::easy_spec();
        spec.opening = 1'000'000;
        spec.allocations = {{nobody(9), 5}};
        return spec;
    }
    ReplayTest() : chain{spec()} {
        auto node = *Node::open(chain.params(), store, {}, kNow);
        const auto take = [&](const BlockPtr& block) {
            EXPECT_TRUE(node->submit(block, kNow));
            EXPECT_TRUE(node->commit(kNow));
            return block->header.hash;
        };
        BlockWish wish;
        wish.transfers = {chain.transfer(chain.genesis(), 1, nobody(2), 100, 5)};
        const auto first = take(chain.extend(chain.genesis(), wish));
        wish.transfers = {chain.transfer(first, 1, chain.keys().address(1), 100, 5)};
        const auto second = take(chain.extend(first, wish));
        take(chain.extend(first));
        take(chain.extend(second));
        EXPECT_TRUE(node->submit(chain.transfer(second, 3, nobody(3), 7), kNow));
        // And what it remembers: a replaced transfer, a key.
        const auto next = chain.book(second).accounts.at(chain.keys().address(1)).nonce;
        for (const std::uint64_t fee : {5, 50})
            EXPECT_TRUE(node->submit(
                chain.keys().transfer(*chain.params(), 1, next, nobody(3), 7, fee), kNow));
        node->remember_idempotency(Hash256{}, Txid{}, kNow);
        EXPECT_TRUE(node->commit(kNow));
    }
    [[nodiscard]] Result<void, std::string> replay(const Store& of) const {
        const Staged rows{of.snapshot()};
        Replay replay{*chain.params(), rows, accounts_max};
        const auto tip = tables::tip(rows);
        if (!tip) return fail(std::string{"no tip"});
        for (Height height = 2; height <= tip->height; ++height) {
            const auto hash = tables::best(rows, height);
            auto bytes = hash ? tables::block(rows, height, *hash) : std::nullopt;
            if (!bytes) return fail(std::string{"a block cannot be read"});
            const auto block =
                check_block(std::make_shared<const Bytes>(std::move(*bytes)), *chain.params(), {});
            if (!block) return fail(block.error().to_string());
            if (auto added = replay.add(**block); !added) return added;
        }
        return replay.finish();
    }
    /// Whether a replay would miss that row: what the blocks do not tell of.
    [[nodiscard]] bool is_out_of_scope(const Row& row) const {
        if (row.table == Table::meta) return as_text(row.key) != "tip";
        if (row.table == Table::headers && row.key[0] >= 2) return true;
        return row.table == Table::pool && row.key[0] == 2;  // made anew at each start
    }
    /// The store with one row changed.
    [[nodiscard]] Result<void, std::string> replay_with(Row changed) {
        MemoryStore damaged;
        EXPECT_TRUE(damaged.write({{}, testing::dump(*store.snapshot())}));
        EXPECT_TRUE(damaged.write({{}, {std::move(changed)}}));
        return replay(damaged);
    }

    ChainBuilder chain;
    MemoryStore store;
    std::size_t accounts_max = AccountBook::kStagedMax;
};

/// The same with accounts that do not fit into memory: each goes to a store of its own at once.
class ReplayOfManyAccountsTest : public ReplayTest {
protected:
    ReplayOfManyAccountsTest() { accounts_max = 1; }
};

TEST_F(ReplayOfManyAccountsTest, FindsNothingInASoundStore) {
    const auto outcome = replay(store);
    EXPECT_TRUE(outcome) << outcome.error();
}

TEST_F(ReplayOfManyAccountsTest, FindsEveryDamageToAnAccount) {
    std::size_t accounts = 0;
    for (const auto& row : testing::dump(*store.snapshot())) {
        if (row.table != Table::accounts) continue;
        ++accounts;
        Row changed = row;
        changed.value->front() ^= 1;
        EXPECT_FALSE(replay_with(changed));
        changed.value.reset();
        EXPECT_FALSE(replay_with(changed));
    }
    EXPECT_GE(accounts, 4U);
    EXPECT_FALSE(replay_with({Table::accounts, Bytes(32, 0), Bytes(16, 0)}));
    EXPECT_FALSE(replay_with({Table::accounts, Bytes(32, 0xff), Bytes(16, 0)}));
}

TEST_F(ReplayOfManyAccountsTest, LeavesNothingInTheTemporaryFolder) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / "cairn-replay-test";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    setenv("TMPDIR", folder.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): one thread
    EXPECT_TRUE(replay(store));
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    std::filesystem::remove_all(folder);
    const auto without = replay(store);
    unsetenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): one thread
    ASSERT_FALSE(without);
    EXPECT_NE(without.error().find("TMPDIR"), std::string::npos) << without.error();
}

TEST_F(ReplayTest, FindsNothingInASoundStore) {
    const auto outcome = replay(store);
    EXPECT_TRUE(outcome) << outcome.error();
}

TEST_F(ReplayTest, FindsAMissingRowOfEveryTable) {
    std::set<Table> tables;
    for (auto row : testing::dump(*store.snapshot())) {
        if (is_out_of_scope(row)) continue;
        if (row.table == Table::pool && row.key[0] == 0)
            continue;  // then there is no such transfer
        if (row.table == Table::pool && row.key[0] >= 7) continue;  // sums: made anew where missing
        tables.insert(row.table);
        SCOPED_TRACE("table " + std::to_string(static_cast<int>(row.table)) + " key " +
                     to_hex(row.key));
        row.value.reset();
        EXPECT_FALSE(replay_with(row));
    }
    EXPECT_EQ(tables.size(), 9U);
}

TEST_F(ReplayTest, FindsAChangedByteInARowOfEveryTable) {
    std::set<Table> tables;
    for (const auto& row : testing::dump(*store.snapshot())) {
        if (is_out_of_scope(row) || row.value->empty()) continue;
        SCOPED_TRACE("table " + std::to_string(static_cast<int>(row.table)) + " key " +
                     to_hex(row.key));
        for (const std::size_t at :
             {std::size_t{0}, row.value->size() / 2, row.value->size() - 1}) {
            // Neither the order of arrival nor its time follows from the blocks.
            if (row.table == Table::headers && at == row.value->size() / 2) continue;
            if (row.table == Table::pool && row.key[0] == 0 && at == 0) continue;
            if (row.table == Table::pool && row.key[0] == 5 && at > 0) continue;  // any transfer
            Row changed = row;
            (*changed.value)[at] ^= 0x40;
            tables.insert(row.table);
            EXPECT_FALSE(replay_with(changed)) << "byte " << at;
        }
        if (row.table == Table::pool && row.key[0] == 1) continue;  // made anew at each start
        Row longer = row;
        longer.value->push_back(0);
        EXPECT_FALSE(replay_with(longer)) << "a byte too many";
    }
    EXPECT_EQ(tables.size(), 9U);
}

TEST_F(ReplayTest, FindsWhatTheStoreRemembersInEveryPlace) {
    std::set<std::uint8_t> places;
    for (const auto& row : testing::dump(*store.snapshot()))
        if (row.table == Table::pool) places.insert(row.key[0]);
    EXPECT_EQ(places,
              (std::set<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));  // else the tests see nothing
}

TEST_F(ReplayTest, FindsABlockOfNoHeader) {
    Bytes key(8, 0);
    key[7] = 3;
    append(key, Bytes(32, 0xee));
    EXPECT_FALSE(replay_with({Table::blocks, key, *chain.last_bytes()}));
}

TEST_F(ReplayTest, FindsARowTooMany) {
    for (const int place : {3, 4, 5, 6, 7})
        EXPECT_FALSE(
            replay_with({Table::pool, Bytes(33, static_cast<std::uint8_t>(place)), Bytes(32, 0)}))
            << place;
    for (const auto table :
         {Table::undo, Table::best, Table::accounts, Table::transactions, Table::history})
        EXPECT_FALSE(replay_with({table, Bytes(44, 0xee), Bytes(16, 0)}))
            << static_cast<int>(table);
}

}  // namespace
}  // namespace cairn
