#include "node/node.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ledger/testing/machine.hpp"
#include "net/testing/headers.hpp"

namespace cairn {
namespace {

using testing::BlockWish;
using testing::ChainBuilder;
using testing::MapStore;
using testing::nobody;

constexpr Now kNow{0, 1'900'000'000};

class NodeTest : public ::testing::Test {
protected:
    NodeTest() { open(); }
    void open() {
        node_.reset();
        auto opened = Node::open(chain_.params(), store_, options_, kNow);
        ASSERT_TRUE(opened) << opened.error().detail;
        node_ = std::move(*opened);
    }
    Committed commit() {
        auto committed = node_->commit(kNow);
        EXPECT_TRUE(committed) << committed.error().detail;
        return committed ? std::move(*committed) : Committed{};
    }
    BlockPtr paying(const BlockHash& at, std::uint64_t key) {
        BlockWish wish;
        wish.to = chain_.keys().address(key);
        return chain_.extend(at, wish);
    }
    const Tip& tip() const { return node_->ledger().tip(); }

    /// A switch that has much to undo takes more than one step.
    void step_to(const BlockHash& hash) {
        while (tip().hash != hash && node_->has_more()) node_->step(kNow);
        ASSERT_EQ(tip().hash, hash);
    }

    ChainBuilder chain_;
    MapStore store_;
    NodeOptions options_;
    std::unique_ptr<Node> node_;
};

TEST_F(NodeTest, BeginsTheChainInAnEmptyStore) {
    EXPECT_EQ(tip().hash, chain_.genesis());
    EXPECT_EQ(store_.faults().writes_seen, 1u);
    const auto committed = commit();
    ASSERT_TRUE(committed.view);
    EXPECT_EQ(committed.view->tip, tip());
    EXPECT_EQ(store_.faults().writes_seen, 1u);
    open();
    EXPECT_EQ(store_.faults().writes_seen, 1u);
}

TEST_F(NodeTest, RefusesTheStoreOfAnotherChain) {
    ChainSpec spec = testing::easy_spec();
    spec.name = "another";
    EXPECT_FALSE(Node::open(testing::params_of(spec), store_, {}, kNow));
}

TEST_F(NodeTest, NeverBeginsAChainOverAStoreThatLostItsName) {
    ASSERT_TRUE(node_->submit(chain_.extend(chain_.genesis()), kNow));
    commit();
    const ByteView key = as_bytes("chain");
    store_.tamper(Table::meta, Bytes(key.begin(), key.end()), std::nullopt);
    const auto before = store_.copy();
    EXPECT_FALSE(Node::open(chain_.params(), store_, {}, kNow));
    EXPECT_TRUE(store_ == before);
}

TEST_F(NodeTest, AGroupOfCommandsIsOneWriteAndOneView) {
    const auto a = paying(chain_.genesis(), 1);
    const auto b = paying(a->header.hash, 2);
    const auto writes = store_.faults().writes_seen;
    const auto before = commit().view;
    ASSERT_TRUE(node_->submit(a, kNow));
    ASSERT_TRUE(node_->submit(b, kNow));
    const auto t = chain_.transfer(b->header.hash, 1, nobody(5), 7, 1);
    ASSERT_TRUE(node_->submit(t, kNow));
    EXPECT_EQ(store_.faults().writes_seen, writes);
    const auto committed = commit();
    EXPECT_EQ(store_.faults().writes_seen, writes + 1);
    EXPECT_EQ(committed.change.connected, (std::vector{a->header.hash, b->header.hash}));
    EXPECT_EQ(committed.admitted, std::vector{t});
    EXPECT_EQ(committed.view->generation, before->generation + 1);
    EXPECT_EQ(committed.view->tip.hash, b->header.hash);
    EXPECT_EQ(committed.view->pool.transfers, 1u);
    const Staged seen{committed.view->store};
    EXPECT_TRUE(tables::pending(seen, t->id()));
    // The old view still shows the old chain whole.
    const Staged old{before->store};
    EXPECT_EQ(tables::tip(old)->height, 1u);
    EXPECT_TRUE(commit().change.empty());
}

TEST_F(NodeTest, TheChangeOfAGroupIsTheWayFromTipToTip) {
    const auto a = chain_.grow(chain_.genesis(), 1);
    const auto b = chain_.grow(chain_.genesis(), 2);
    const auto c = chain_.grow(a[0]->header.hash, 2);
    for (const auto& block : a) ASSERT_TRUE(node_->submit(block, kNow));
    commit();
    for (const auto& block : b) ASSERT_TRUE(node_->submit(block, kNow));
    EXPECT_EQ(tip().hash, b.back()->header.hash);
    for (const auto& block : c) ASSERT_TRUE(node_->submit(block, kNow));
    const auto change = commit().change;
    EXPECT_TRUE(change.disconnected.empty());
    EXPECT_EQ(change.connected, (std::vector{c[0]->header.hash, c[1]->header.hash}));
}

TEST_F(NodeTest, ABlockIsFreshOnceAndItsVerdictIsTold) {
    const auto a = chain_.extend(chain_.genesis());
    const auto first = node_->submit(a, kNow);
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->fresh);
    const auto second = node_->submit(a, kNow);
    ASSERT_TRUE(second);
    EXPECT_FALSE(second->fresh);
    BlockWish bad;
    bad.height_more = 1;
    const auto b = chain_.extend(a->header.hash, bad);
    const auto refused = node_->submit(b, kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, Rule::reward_height);
    const auto c = node_->submit(chain_.extend(b->header.hash), kNow);
    ASSERT_FALSE(c);
    EXPECT_EQ(c.error().rule, Rule::parent_valid);
    EXPECT_EQ(tip().hash, a->header.hash);
}

TEST_F(NodeTest, TheVerdictOnAnAncestorIsToldOfTheBlockThatBroughtItToLight) {
    ASSERT_TRUE(node_->submit(chain_.extend(chain_.genesis()), kNow));
    BlockWish bad;
    bad.reward_more = 1;
    const auto a = chain_.extend(chain_.genesis(), bad);
    ASSERT_TRUE(node_->submit(a, kNow));  // no more work than the tip: not tried
    const auto b = node_->submit(chain_.extend(a->header.hash), kNow);
    ASSERT_FALSE(b);
    EXPECT_EQ(b.error().rule, Rule::parent_valid);
}

TEST_F(NodeTest, ACondemnedHeaderIsRememberedIfItsWorkIsRight) {
    const auto a = chain_.extend(chain_.genesis());
    node_->condemn(a->header, Rule::signature, kNow);
    commit();
    open();
    const auto refused = node_->submit(a, kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().rule, Rule::parent_valid);
    HashedHeader lazy = chain_.extend(chain_.genesis())->header;
    lazy.header.bits = CompactBits{0x1d00ffff};
    node_->condemn(lazy, Rule::signature, kNow);
    EXPECT_FALSE(node_->rows().get(Table::headers, lazy.hash.bytes));
    EXPECT_TRUE(node_->rows().empty());
}

TEST_F(NodeTest, AKnownTransferIsNoErrorAndSaysWhetherItsTurnHasCome) {
    const auto a = paying(chain_.genesis(), 1);
    ASSERT_TRUE(node_->submit(a, kNow));
    const auto now = chain_.keys().transfer(*chain_.params(), 1, 0, nobody(5), 1);
    const auto later = chain_.keys().transfer(*chain_.params(), 1, 2, nobody(5), 1);
    for (const bool known : {false, true}) {
        const auto first = node_->submit(now, kNow);
        ASSERT_TRUE(first);
        EXPECT_EQ(first->known, known);
        EXPECT_TRUE(first->executable);
        const auto second = node_->submit(later, kNow);
        ASSERT_TRUE(second);
        EXPECT_EQ(second->known, known);
        EXPECT_FALSE(second->executable);
    }
    EXPECT_EQ(node_->next_nonce(chain_.keys().address(1)), 1u);
    BlockWish wish;
    wish.transfers = {now};
    ASSERT_TRUE(node_->submit(chain_.extend(a->header.hash, wish), kNow));
    const auto mined = node_->submit(now, kNow);
    ASSERT_TRUE(mined);
    EXPECT_TRUE(mined->known);
}

TEST_F(NodeTest, AFailedWriteKeepsNothingAndAnOpenAnewGoesOn) {
    const auto a = paying(chain_.genesis(), 1);
    const auto before = store_.copy();
    ASSERT_TRUE(node_->submit(a, kNow));
    store_.faults().writes = 0;
    store_.faults().for_ever = false;
    const auto failed = node_->commit(kNow);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().detail, "write refused");
    EXPECT_TRUE(store_ == before);
    open();
    EXPECT_EQ(tip().hash, chain_.genesis());
    ASSERT_TRUE(node_->submit(a, kNow));
    EXPECT_EQ(commit().view->tip.hash, a->header.hash);
}

TEST_F(NodeTest, AFailedReadAnywhereFailsTheCommitAndNothingAcknowledgedIsLost) {
    const auto a = paying(chain_.genesis(), 1);
    ASSERT_TRUE(node_->submit(a, kNow));
    commit();
    const auto t = chain_.transfer(a->header.hash, 1, nobody(5), 7, 1);
    BlockWish wish;
    wish.to = chain_.keys().address(2);
    const auto b = chain_.grow(chain_.genesis(), 2, wish);
    const auto u = chain_.transfer(b.back()->header.hash, 2, nobody(6), 7, 1);
    const auto before = store_.copy();
    std::size_t struck = 0;
    for (std::size_t n = 0;; ++n) {
        store_ = before.copy();
        open();
        node_->set_mining(true);
        store_.faults().reads_seen = 0;
        store_.faults().reads = n;
        (void)node_->submit(t, kNow);
        for (const auto& block : b) (void)node_->submit(block, kNow);
        (void)node_->submit(u, kNow);
        const auto committed = node_->commit(kNow);
        if (store_.faults().reads_seen <= n) {
            ASSERT_TRUE(committed);
            break;
        }
        ++struck;
        // A template is read after the write: that is told, and the commit after it fails.
        if (committed) {
            EXPECT_EQ(committed->view->tip.hash, b.back()->header.hash);
            EXPECT_EQ(committed->work, nullptr);
        }
        EXPECT_FALSE(node_->commit(kNow)) << "read " << n;
        store_.faults().reads.reset();
        open();
        (void)node_->submit(t, kNow);
        for (const auto& block : b) (void)node_->submit(block, kNow);
        EXPECT_EQ(commit().view->tip.hash, b.back()->header.hash);
    }
    EXPECT_GT(struck, 10u);
}

TEST_F(NodeTest, OpenTellsWhenTheStoreCannotBeReadOrWritten) {
    store_.faults().reads = 0;
    EXPECT_FALSE(Node::open(chain_.params(), store_, {}, kNow));
    store_.faults().reads.reset();
    MapStore empty;
    empty.faults().writes = 0;
    EXPECT_FALSE(Node::open(chain_.params(), empty, {}, kNow));
}

TEST_F(NodeTest, IdempotencyKeysAreDurable) {
    const Hash256 key = sha256(as_bytes("key"));
    const Txid id = txid_of(as_bytes("id"));
    EXPECT_FALSE(node_->idempotency(key, kNow));
    node_->remember_idempotency(key, id, kNow);
    commit();
    open();
    EXPECT_EQ(node_->idempotency(key, kNow), id);
}

TEST_F(NodeTest, ATickExpiresWhatWaitedTooLong) {
    ASSERT_TRUE(node_->submit(paying(chain_.genesis(), 1), kNow));
    ASSERT_TRUE(node_->submit(chain_.keys().transfer(*chain_.params(), 1, 1, nobody(5), 1), kNow));
    EXPECT_EQ(commit().view->pool.transfers, 1u);
    node_->on_tick(Now{kNow.steady + 3 * 3600 * 1000, kNow.wall});
    EXPECT_EQ(commit().view->pool.transfers, 0u);
}

TEST_F(NodeTest, RestartGoesBackToGenesisAfterABackup) {
    const auto a = paying(chain_.genesis(), 1);
    ASSERT_TRUE(node_->submit(a, kNow));
    ASSERT_TRUE(node_->submit(chain_.transfer(a->header.hash, 1, nobody(5), 7), kNow));
    commit();
    MapStore fresh;
    ASSERT_TRUE(Node::open(chain_.params(), fresh, {}, kNow));
    const auto restarted = node_->restart(kNow);
    ASSERT_TRUE(restarted);
    EXPECT_EQ(*restarted, "backup");
    const auto committed = commit();
    EXPECT_EQ(committed.change.disconnected, std::vector{a->header.hash});
    EXPECT_EQ(committed.view->tip.hash, chain_.genesis());
    EXPECT_EQ(committed.view->pool.transfers, 0u);
    // Of all that was there only the silence is left.
    EXPECT_EQ(store_.rows(Table::peers).size(), 1u);
    store_.tamper(Table::peers, store_.rows(Table::peers).begin()->first, std::nullopt);
    EXPECT_TRUE(store_ == fresh);
    ASSERT_TRUE(node_->submit(a, kNow));
    EXPECT_EQ(commit().view->tip.hash, a->header.hash);
}

TEST_F(NodeTest, RestartOfAnEmptyChainNeedsNoBackup) {
    const auto restarted = node_->restart(kNow);
    ASSERT_TRUE(restarted);
    EXPECT_EQ(*restarted, "");
    EXPECT_EQ(store_.backups, 0u);
    EXPECT_TRUE(commit().change.empty());
}

TEST_F(NodeTest, WorkIsMadeWhileSomebodyMinesAndSomethingChanged) {
    EXPECT_EQ(commit().work, nullptr);
    node_->set_mining(true);
    const auto first = commit().work;
    ASSERT_TRUE(first);
    EXPECT_EQ(first->previous, chain_.genesis());
    EXPECT_EQ(first->context.height, 2u);
    EXPECT_EQ(first->reward, chain_.params()->spec().subsidy);
    EXPECT_EQ(commit().work, nullptr);
    ASSERT_TRUE(node_->submit(paying(chain_.genesis(), 1), kNow));
    const auto second = commit();
    ASSERT_TRUE(second.work);
    EXPECT_EQ(second.work->generation, second.view->generation);
    node_->set_mining(false);
    ASSERT_TRUE(node_->submit(paying(tip().hash, 1), kNow));
    EXPECT_EQ(commit().work, nullptr);
}

TEST_F(NodeTest, ALongSwitchIsNotHurriedByTheBlocksThatComeMeanwhile) {
    options_.ledger.slice_rows = 5;
    open();
    for (const auto& block : chain_.grow(chain_.genesis(), 6)) {
        ASSERT_TRUE(node_->submit(block, kNow));
        while (node_->has_more()) node_->step(kNow);
        commit();
    }
    const auto b = chain_.grow(chain_.genesis(), 12);
    std::size_t next = 0;
    while (!node_->has_more()) ASSERT_TRUE(node_->submit(b.at(next++), kNow));
    ASSERT_LT(next, b.size());
    const auto moved = node_->ledger().moved();
    for (; next < b.size(); ++next) ASSERT_TRUE(node_->submit(b[next], kNow));
    EXPECT_EQ(node_->ledger().moved(), moved);
    while (node_->has_more()) {
        node_->step(kNow);
        commit();
    }
    EXPECT_EQ(tip().hash, b.back()->header.hash);
}

TEST_F(NodeTest, HeadersThatAreOfferedAreTakenInSlices) {
    const auto headers = net::testing::HeaderMiner{chain_.genesis(), 1'000'000}.next(1'200);
    net::Hello hello;
    hello.key = chain_.keys().address(5);
    hello.address = {"127.0.0.1", 40'000};
    hello.agent = "/stranger/";
    node_->on_open(1, hello, kNow);
    node_->on_message(1, net::Headers{headers}, kNow);
    const auto known = [&] {
        return std::count_if(headers.begin(), headers.end(), [&](const HashedHeader& header) {
            return const_cast<Ledger&>(node_->ledger()).header(node_->rows(), header.hash);
        });
    };
    EXPECT_EQ(known(), 500);
    ASSERT_TRUE(node_->has_more());
    commit();
    node_->step(kNow);
    EXPECT_EQ(known(), 1'000);
    node_->step(kNow);
    EXPECT_EQ(known(), 1'200);
    while (node_->has_more()) node_->step(kNow);  // the way to them is laid in slices too
    EXPECT_TRUE(node_->syncing());
}

TEST_F(NodeTest, OfAPeerThatIsGoneNoMoreHeadersAreTaken) {
    const auto headers = net::testing::HeaderMiner{chain_.genesis(), 1'000'000}.next(1'200);
    net::Hello hello;
    hello.key = chain_.keys().address(5);
    hello.address = {"127.0.0.1", 40'000};
    hello.agent = "/stranger/";
    node_->on_open(1, hello, kNow);
    node_->on_message(1, net::Headers{headers}, kNow);
    node_->on_close(1, "gone", kNow);
    EXPECT_FALSE(node_->has_more());
}

TEST_F(NodeTest, ALongSwitchGoesOnInSteps) {
    options_.ledger.slice_rows = 5;
    open();
    const auto a = chain_.grow(chain_.genesis(), 3);
    for (const auto& block : a) ASSERT_TRUE(node_->submit(block, kNow));
    while (node_->has_more()) {
        commit();
        node_->step(kNow);
    }
    commit();
    const auto b = chain_.grow(chain_.genesis(), 6);
    for (const auto& block : b) ASSERT_TRUE(node_->submit(block, kNow));
    EXPECT_TRUE(node_->has_more());
    commit();
    open();  // a crash in the middle
    int steps = 0;
    while (node_->has_more()) {
        node_->step(kNow);
        commit();
        ++steps;
    }
    EXPECT_GT(steps, 1);
    EXPECT_EQ(tip().hash, b.back()->header.hash);
    node_->step(kNow);  // nothing to do
    EXPECT_TRUE(node_->rows().empty());
}

// Next to the cap an opening gives less than the pool was told.
TEST(NodeTemplate, IsValidAlsoNextToTheCap) {
    ChainSpec spec = testing::easy_spec();
    spec.opening = 100;
    spec.subsidy = 1000;
    spec.allocations = {{nobody(1), Amount::kMaxUnits - 2000 - 100}};
    ChainBuilder chain{spec};
    MapStore store;
    auto node = std::move(*Node::open(chain.params(), store, {}, kNow));
    node->set_mining(true);
    // 2000 units are left; 30 newcomers each pay 90 out of an opening of 100 to further newcomers.
    for (std::uint64_t key = 1; key <= 30; ++key)
        (void)node->submit(chain.keys().transfer(*chain.params(), key, 0,
                                                 nobody(static_cast<std::uint8_t>(key)), 90, 5),
                           kNow);
    for (int i = 0; i < 6; ++i) {
        const auto committed = node->commit(kNow);
        ASSERT_TRUE(committed);
        ASSERT_TRUE(committed->work);
        auto block = assemble(*committed->work, nobody(200),
                              reward_extra(static_cast<std::uint64_t>(i), {}), 0);
        block.header = testing::mined(block.header);
        const auto checked =
            check_block(std::make_shared<const Bytes>(encode_block(*committed->work, block)),
                        *chain.params(), nullptr);
        ASSERT_TRUE(checked) << checked.error().to_string();
        const auto submitted = node->submit(*checked, kNow);
        ASSERT_TRUE(submitted) << submitted.error().to_string();
        EXPECT_EQ(node->ledger().tip().hash, (*checked)->header.hash);
        EXPECT_LE(node->ledger().tip().issued, Amount::kMaxUnits);
    }
}

// One that an opening no longer covers takes nothing with it but what follows it of its sender.
TEST(NodeTemplate, LeavesOutASenderThatCannotBeConnectedAndDropsItWithTheReason) {
    ChainSpec spec = testing::easy_spec();
    spec.opening = 100;
    spec.subsidy = 1000;
    testing::Keys keys;
    // 250 units are left once both are opened.
    spec.allocations = {{keys.address(50), 10'000},
                        {nobody(1), Amount::kMaxUnits - 10'000 - 200 - 250}};
    ChainBuilder chain{spec};
    MapStore store;
    auto node = std::move(*Node::open(chain.params(), store, {}, kNow));
    node->set_mining(true);
    const auto give = [&](std::uint64_t key, std::uint64_t nonce, std::uint8_t to,
                          std::uint64_t amount, std::uint64_t fee) {
        auto made = chain.keys().transfer(*chain.params(), key, nonce, nobody(to), amount, fee);
        const auto verdict = node->submit(made, kNow);
        EXPECT_TRUE(verdict) << verdict.error().to_string();
        return made;
    };
    const auto first = give(50, 0, 31, 1, 500);   // opens one account
    const auto second = give(50, 1, 32, 1, 500);  // and another: 50 are left
    const auto third = give(50, 2, 31, 1, 1);
    const auto bad = give(1, 0, 21, 80, 5);  // out of an opening of 100
    const auto behind = give(1, 1, 21, 1, 5);
    const auto committed = node->commit(kNow);
    ASSERT_TRUE(committed);
    ASSERT_TRUE(committed->work);
    EXPECT_EQ(committed->work->transfers, (std::vector{first, second, third}));
    EXPECT_EQ(committed->work->reward, 50u + 1001u);

    EXPECT_TRUE(node->has_more());
    for (int steps = 0; node->has_more(); ++steps) {
        ASSERT_LT(steps, 3);
        node->step(kNow);
    }
    const auto next = node->commit(kNow);
    ASSERT_TRUE(next);
    ASSERT_EQ(next->settled.dropped.size(), 2u);
    EXPECT_EQ(next->settled.dropped[1].transfer, bad);
    EXPECT_EQ(next->settled.dropped[1].reason.rfind("it cannot be connected: overdraft: ", 0), 0u)
        << next->settled.dropped[1].reason;
    EXPECT_FALSE(node->pool().find(behind->id()));
    EXPECT_EQ(node->pool().size(kNow).transfers, 3u);
}

// A switch of branches that returns more than the pool takes up at once, and a crash in the middle.
TEST_F(NodeTest, WhatAnAbandonedBlockHeldReturnsInStepsAlsoOverACrash) {
    ASSERT_TRUE(node_->submit(paying(chain_.genesis(), 1), kNow));
    const BlockHash base = tip().hash;
    BlockWish wish;
    for (std::uint64_t nonce = 0; nonce < 1'500; ++nonce)
        wish.transfers.push_back(chain_.keys().transfer(*chain_.params(), 1, nonce, nobody(5), 1));
    ASSERT_TRUE(node_->submit(chain_.extend(base, wish), kNow));
    commit();
    node_->set_mining(true);
    const auto other = chain_.grow(base, 2);
    for (const auto& block : other) ASSERT_TRUE(node_->submit(block, kNow));
    step_to(other[1]->header.hash);
    EXPECT_TRUE(node_->has_more());
    const auto committed = commit();
    EXPECT_EQ(committed.work, nullptr);  // no block is begun on a pool that is not up to date
    EXPECT_LT(committed.settled.returned.size(), 1'500u);

    open();
    while (node_->has_more()) {
        node_->step(kNow);
        commit();
    }
    EXPECT_EQ(node_->pool().best(SIZE_MAX).size(), 1'500u);
    EXPECT_EQ(node_->bad_pool_rows(), 0u);
}

// Blocks that come while the pool is busy wait for it, in their order.
TEST_F(NodeTest, TheNextChangeOfTheTipWaitsUntilThePoolHasFollowedTheLast) {
    ASSERT_TRUE(node_->submit(paying(chain_.genesis(), 1), kNow));
    const BlockHash base = tip().hash;
    BlockWish wish;
    for (std::uint64_t nonce = 0; nonce < 1'500; ++nonce)
        wish.transfers.push_back(chain_.keys().transfer(*chain_.params(), 1, nonce, nobody(5), 1));
    ASSERT_TRUE(node_->submit(chain_.extend(base, wish), kNow));
    const auto other = chain_.grow(base, 4);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(node_->submit(other[i], kNow));
    step_to(other[1]->header.hash);
    for (int i = 2; i < 4; ++i) ASSERT_TRUE(node_->submit(other[i], kNow));
    EXPECT_EQ(tip().hash, other[1]->header.hash);
    std::size_t returned = 0;
    for (int steps = 0; node_->has_more(); ++steps) {
        ASSERT_LT(steps, 50);
        node_->step(kNow);
        returned += commit().settled.returned.size();
    }
    EXPECT_EQ(tip().hash, other[3]->header.hash);
    EXPECT_EQ(node_->pool().best(SIZE_MAX).size(), 1'500u);
    EXPECT_EQ(returned, 1'500u);
}

TEST_F(NodeTest, IdempotencyKeysExpireAsFastAsTheyCome) {
    for (std::uint64_t i = 0; i < 2'000; ++i) {
        Hash256 key;
        key.bytes[0] = static_cast<std::uint8_t>(i);
        key.bytes[1] = static_cast<std::uint8_t>(i >> 8);
        node_->remember_idempotency(key, Txid{}, kNow);
    }
    commit();
    Now later{kNow.steady + 1, kNow.wall + kIdempotencySeconds};
    for (int i = 0; i < 5; ++i) {  // a tick each, not ten seconds
        node_->on_tick(later);
        ++later.steady;
    }
    commit();
    EXPECT_FALSE(node_->idempotency(Hash256{}, kNow));
    EXPECT_TRUE(tables::used_keys(node_->rows(), 0, std::nullopt, 1).empty());
}

// Random traffic, blocks made of the node's own templates, rival branches, restarts: the template
// is always valid, tip and pool agree, and the sum of balances is what was issued.
TEST(NodeHistory, EveryTemplateIsValidAndPoolAndTipAgree) {
    for (std::uint64_t seed = 1; seed <= 6; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        ChainSpec spec = testing::easy_spec();
        spec.opening = 500;
        spec.subsidy = 3000;
        spec.max_block = 3000;
        ChainBuilder chain{spec};
        MapStore store;
        NodeOptions options;
        options.pool.bytes = 8000;
        options.ledger = seed % 2 == 0 ? Ledger::Limits{} : Ledger::Limits{600, 9};
        auto node = std::move(*Node::open(chain.params(), store, options, kNow));
        node->set_mining(true);
        TemplatePtr work;
        const auto commit = [&] {
            for (;;) {
                auto committed = node->commit(kNow);
                ASSERT_TRUE(committed);
                if (committed->work) work = committed->work;
                if (!node->has_more()) break;
                node->step(kNow);
            }
        };
        commit();
        for (int step = 0; step < 300; ++step) {
            const auto what = random() % 10;
            if (what < 6) {
                const std::uint64_t key = random() % 6;
                const auto next = node->next_nonce(chain.keys().address(key));
                (void)node->submit(
                    chain.keys().transfer(*chain.params(), key, next + random() % 5 / 4,
                                          chain.keys().address(random() % 6), 1 + random() % 200,
                                          random() % 60, random() % 100),
                    kNow);
            } else if (what < 8) {
                BlockWish wish;
                wish.transfers = work->transfers;
                wish.to = chain.keys().address(random() % 6);
                const auto block = chain.extend(work->previous, wish);
                ASSERT_EQ(block->reward.amount, work->reward);
                ASSERT_LE(block->bytes->size(), spec.max_block);
                ASSERT_TRUE(node->submit(block, kNow));
            } else if (what == 8) {
                BlockHash at = node->ledger().tip().hash;
                for (auto back = random() % 4; back > 0 && at != chain.genesis(); --back)
                    at = chain.parent(at);
                for (const auto& block : chain.grow(at, 1 + random() % 4))
                    ASSERT_TRUE(node->submit(block, kNow));
            } else {
                commit();
                auto opened = Node::open(chain.params(), store, options, kNow);
                ASSERT_TRUE(opened);
                const auto best = node->pool().best(SIZE_MAX);
                EXPECT_EQ((*opened)->pool().best(SIZE_MAX).size(), best.size());
                EXPECT_EQ((*opened)->ledger().tip(), node->ledger().tip());
                node = std::move(*opened);
                node->set_mining(true);
            }
            commit();
            ASSERT_TRUE(work);
            ASSERT_EQ(work->previous, node->ledger().tip().hash);
            ASSERT_EQ(testing::book_of(node->rows()), chain.book(work->previous));
            ASSERT_EQ(testing::sum_of_balances(node->rows()), node->ledger().tip().issued);
        }
        EXPECT_EQ(testing::chain_digest(node->rows()),
                  testing::replayed(chain, node->ledger().tip().hash));
    }
}

}  // namespace
}  // namespace cairn
