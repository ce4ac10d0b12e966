#include "net/serve/serve.hpp"

#include "ledger/pool.hpp"
#include "ledger/testing/arrivals.hpp"
#include "ledger/testing/machine.hpp"
#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/testing/headers.hpp"

namespace cairn::net {
namespace {

using cairn::testing::ChainBuilder;
using cairn::testing::Machine;

class Serve : public ::testing::Test {
protected:
    std::vector<BlockHash> answer(std::vector<BlockHash> locator, BlockHash stop = {}) {
        std::vector<BlockHash> hashes;
        for (const auto& header :
             headers_after(*machine.rows, GetHeaders{std::move(locator), stop}).headers)
            hashes.push_back(header.hash);
        return hashes;
    }
    static std::vector<BlockHash> hashes(const std::vector<BlockPtr>& blocks) {
        std::vector<BlockHash> list;
        for (const auto& block : blocks) list.push_back(block->header.hash);
        return list;
    }
    static Item item(const BlockHash& hash) {
        return {ItemKind::block, digest_cast<Hash256>(hash)};
    }

    ChainBuilder chain;
    Machine machine{chain.params()};
};

TEST_F(Serve, HeadersFollowTheNewestEntryOnTheBestChain) {
    const auto blocks = chain.grow(chain.genesis(), 5);
    machine.add(blocks);
    EXPECT_EQ(answer({blocks[2]->header.hash, blocks[0]->header.hash}),
              (std::vector{blocks[3]->header.hash, blocks[4]->header.hash}));
    EXPECT_TRUE(answer({blocks[4]->header.hash}).empty());
}

TEST_F(Serve, HeadersFollowGenesisIfNoEntryIsKnown) {
    const auto blocks = chain.grow(chain.genesis(), 3);
    machine.add(blocks);
    EXPECT_EQ(answer({}), hashes(blocks));
    EXPECT_EQ(answer({BlockHash{}}), hashes(blocks));
}

TEST_F(Serve, AStaleBlockIsNoPlaceToGoOnFrom) {
    const auto stale = chain.grow(chain.genesis(), 2);
    const auto best = chain.grow(chain.genesis(), 3);
    machine.add(stale);
    machine.add(best);
    EXPECT_EQ(answer({stale[1]->header.hash, chain.genesis()}), hashes(best));
}

TEST_F(Serve, HeadersEndAtTheStopIfItIsOnTheWay) {
    const auto blocks = chain.grow(chain.genesis(), 4);
    machine.add(blocks);
    EXPECT_EQ(answer({chain.genesis()}, blocks[1]->header.hash).size(), 2U);
    EXPECT_EQ(answer({blocks[1]->header.hash}, blocks[1]->header.hash).size(), 2U);
}

TEST_F(Serve, HeadersAreAtMostAFullMessage) {
    const auto headers =
        testing::HeaderMiner{chain.genesis(), 1'000'000}.next(limits::kHeaders + 1);
    // Rows of a best chain are all that is read.
    for (std::size_t i = 0; i < headers.size(); ++i) {
        ASSERT_TRUE(machine.ledger->add_header(headers[i], 0, *machine.rows));
        tables::put_best(*machine.rows, i + 2, headers[i].hash);
    }
    EXPECT_EQ(answer({chain.genesis()}).size(), limits::kHeaders);
    EXPECT_EQ(answer({headers[0].hash}).size(), limits::kHeaders);
    EXPECT_EQ(answer({headers[1].hash}).size(), limits::kHeaders - 1);
}

TEST_F(Serve, OnlySoManyEntriesOfALocatorAreRead) {
    const auto blocks = chain.grow(chain.genesis(), 2);
    machine.add(blocks);
    std::vector<BlockHash> locator(limits::kLocator - 1);
    locator.push_back(blocks[0]->header.hash);
    EXPECT_EQ(answer(locator).size(), 1U);
    locator.insert(locator.begin(), BlockHash{});
    EXPECT_EQ(answer(locator).size(), 2U);
}

TEST_F(Serve, BlocksAreServedAlsoWhenStaleButNotWhenInvalid) {
    const auto stale = chain.extend(chain.genesis());
    const auto best = chain.grow(chain.genesis(), 2);
    machine.add(stale);
    machine.add(best);
    for (const auto& block : {stale, best[0], best[1]}) {
        const auto frame = frame_of(*machine.rows, item(block->header.hash));
        ASSERT_TRUE(frame);
        const auto message = decode(*frame, 1024 * 1024);
        ASSERT_TRUE(message);
        EXPECT_EQ(*std::get<BlockBody>(*message).bytes, *block->bytes);
    }
    machine.ledger->condemn(stale->header.hash, Rule::reward_amount, *machine.rows);
    EXPECT_FALSE(frame_of(*machine.rows, item(stale->header.hash)));
}

TEST_F(Serve, WhatIsNotHereIsNotServed) {
    const auto header_only = chain.extend(chain.genesis());
    ASSERT_TRUE(machine.ledger->add_header(header_only->header, 0, *machine.rows));
    EXPECT_FALSE(frame_of(*machine.rows, item(header_only->header.hash)));
    EXPECT_FALSE(frame_of(*machine.rows, item(BlockHash{})));
    EXPECT_FALSE(frame_of(*machine.rows, {ItemKind::transfer, Hash256{}}));
    EXPECT_FALSE(frame_of(*machine.rows,
                          {ItemKind::transfer, digest_cast<Hash256>(header_only->header.hash)}));
}

TEST_F(Serve, ThePoolIsToldInItsOrderAndItsTransfersAreServed) {
    std::vector<Txid> ids;
    for (std::uint64_t i = 0; i < 10; ++i) {
        const auto transfer =
            chain.keys().transfer(*chain.params(), 7, 9 - i, cairn::testing::nobody(1), 1 + i);
        tables::put_pending(*machine.rows, Pending{i + 1, 0, transfer});
        ids.push_back(transfer->id());
    }
    cairn::testing::count_arrivals(*machine.rows, ids.size());
    Bytes cursor;
    const auto inventory = pool_inventory(*machine.rows, cursor);
    EXPECT_TRUE(cursor.empty());
    ASSERT_EQ(inventory.items.size(), ids.size());
    for (std::size_t i = 0; i < ids.size(); ++i) {
        EXPECT_EQ(inventory.items[i], (Item{ItemKind::transfer, digest_cast<Hash256>(ids[i])}));
        const auto frame = frame_of(*machine.rows, inventory.items[i]);
        ASSERT_TRUE(frame);
        EXPECT_EQ(std::get<TransferBody>(*decode(*frame, 1024 * 1024)).id, ids[i]);
    }
}

TEST_F(Serve, APoolIsToldInPagesByRisingIds) {
    std::set<Txid> ids;
    for (std::uint64_t i = 0; i < 10; ++i) {
        const auto transfer =
            chain.keys().transfer(*chain.params(), 7, i, cairn::testing::nobody(1), 1 + i);
        tables::put_pending(*machine.rows, Pending{i + 1, 0, transfer});
        ids.insert(transfer->id());
    }
    for (const std::size_t limit : {1, 3, 5, 10, 11, 65'535}) {
        std::vector<Txid> told;
        PoolPage page{{}, static_cast<std::uint16_t>(limit)};
        for (;;) {
            const auto part = pool_page(*machine.rows, page);
            ASSERT_LE(part.ids.size(), limit);
            told.insert(told.end(), part.ids.begin(), part.ids.end());
            if (!part.more) break;
            ASSERT_EQ(part.ids.size(), limit);
            page.after = part.ids.back();
        }
        EXPECT_EQ(told, std::vector<Txid>(ids.begin(), ids.end())) << limit;
    }
    // The cursor need not be in the pool.
    Txid after = *ids.begin();
    after.bytes[31] ^= 1;
    const auto rest = pool_page(*machine.rows, {after, 100});
    EXPECT_EQ(rest.ids.size(),
              static_cast<std::size_t>(std::distance(ids.upper_bound(after), ids.end())));
    EXPECT_TRUE(pool_page(*machine.rows, {{}, 0}).ids.empty());
    Txid last;
    last.bytes.fill(0xff);
    EXPECT_TRUE(pool_page(*machine.rows, {last, 5}).ids.empty());
    EXPECT_FALSE(pool_page(*machine.rows, {last, 5}).more);
}

TEST_F(Serve, APageIsBoundedWhateverWasAskedFor) {
    for (std::uint64_t i = 0; i <= limits::kPoolPage; ++i)
        tables::put_pending(
            *machine.rows,
            Pending{i + 1, 0,
                    chain.keys().transfer(*chain.params(), 7, i, cairn::testing::nobody(1), 1)});
    const auto page = pool_page(*machine.rows, {{}, 65'535});
    EXPECT_EQ(page.ids.size(), limits::kPoolPage);
    EXPECT_TRUE(page.more);
}

TEST_F(Serve, AnEmptyPoolIsAnEmptyInventory) {
    Bytes cursor;
    EXPECT_TRUE(pool_inventory(*machine.rows, cursor).items.empty());
    EXPECT_TRUE(cursor.empty());
}

TEST_F(Serve, ALargePoolGoesOnWhereTheMessageEnded) {
    const auto transfer =
        chain.keys().transfer(*chain.params(), 7, 0, cairn::testing::nobody(1), 1);
    const std::size_t count = limits::kInvItems + 3;
    for (std::uint64_t i = 1; i <= count; ++i)
        machine.rows->put(Table::pool, tables::pending_key(i), [&] {
            Bytes value(4, 0);
            append(value, transfer->bytes());
            return value;
        }());
    cairn::testing::count_arrivals(*machine.rows, count);
    Bytes cursor;
    EXPECT_EQ(pool_inventory(*machine.rows, cursor).items.size(), limits::kInvItems);
    EXPECT_FALSE(cursor.empty());
    EXPECT_EQ(pool_inventory(*machine.rows, cursor).items.size(), 3U);
    EXPECT_TRUE(cursor.empty());
}

}  // namespace
}  // namespace cairn::net
