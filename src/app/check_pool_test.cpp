#include "app/check_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>

#include "core/testing/keys.hpp"

namespace cairn {
namespace {

using testing::Keys;

/// A pool whose verdicts come to a queue.
struct Pool : ::testing::Test {
    net::Checked check(net::ItemKind kind, const Hash256& hash, Bytes bytes) {
        std::promise<net::Checked> verdict;
        CheckPool pool{chain, known,
                       [&](const net::Checked& checked, const CheckPool::Held&) {
                           if (refusals-- > 0) return false;
                           verdict.set_value(checked);
                           return true;
                       },
                       2};
        pool.add({7, {kind, hash}, std::make_shared<const Bytes>(std::move(bytes))});
        auto future = verdict.get_future();
        EXPECT_EQ(future.wait_for(std::chrono::minutes{1}), std::future_status::ready);
        return future.get();
    }
    net::Checked check(const TransferPtr& transfer, Bytes bytes) {
        return check(net::ItemKind::transfer, digest_cast<Hash256>(transfer->id()),
                     std::move(bytes));
    }

    std::shared_ptr<const ChainParams> chain = testing::params_of(testing::easy_spec());
    Keys keys;
    KnownIds known;
    std::atomic<int> refusals = 0;
};
using CheckPoolTest = Pool;

TEST_F(CheckPoolTest, ChecksTransfersAndRemembersThem) {
    const auto transfer = keys.transfer(*chain, 1, 0, keys.address(2), 5);
    const auto checked = check(transfer, transfer->bytes());
    EXPECT_EQ(checked.from, 7U);
    ASSERT_TRUE(std::holds_alternative<TransferPtr>(checked.outcome));
    EXPECT_EQ(std::get<TransferPtr>(checked.outcome)->id(), transfer->id());
    EXPECT_TRUE(known.find(transfer->id()));
}

TEST_F(CheckPoolTest, TellsTheRuleThatWasBroken) {
    const auto transfer = keys.transfer(*chain, 1, 0, keys.address(2), 5);
    Bytes forged = transfer->bytes();
    forged.back() ^= 1;
    const auto checked =
        check(net::ItemKind::transfer, digest_cast<Hash256>(txid_of(forged)), forged);
    ASSERT_TRUE(std::holds_alternative<Rejection>(checked.outcome));
    EXPECT_EQ(std::get<Rejection>(checked.outcome).rule, Rule::signature);
    EXPECT_FALSE(known.find(txid_of(forged)));
}

TEST_F(CheckPoolTest, ChecksBlocks) {
    const auto transfer = keys.transfer(*chain, 1, 0, keys.address(2), 5);
    const Bytes reward = encode(Reward{2, keys.address(1), chain->spec().subsidy, {}});
    BlockHeader header;
    header.bits = chain->spec().bits;
    header.merkle_root =
        MerkleRoot{sha256d_pair(txid_of(reward).bytes, transfer->id().bytes).bytes};
    header = testing::mined(header);
    const std::vector<ByteView> transactions{reward, transfer->bytes()};
    const Hash256 hash = digest_cast<Hash256>(hash_of(header));
    const auto good = check(net::ItemKind::block, hash, encode_block(header, transactions));
    ASSERT_TRUE(std::holds_alternative<BlockPtr>(good.outcome))
        << std::get<Rejection>(good.outcome).to_string();
    EXPECT_EQ(std::get<BlockPtr>(good.outcome)->transfers.size(), 1U);
    header.merkle_root.bytes[0] ^= 1;
    const auto bad = check(net::ItemKind::block, hash, encode_block(header, transactions));
    ASSERT_TRUE(std::holds_alternative<Rejection>(bad.outcome));
    EXPECT_EQ(std::get<Rejection>(bad.outcome).rule, Rule::merkle_root);
}

TEST_F(CheckPoolTest, DeliversAgainUntilTheNodeTakesIt) {
    refusals = 3;
    const auto transfer = keys.transfer(*chain, 1, 0, keys.address(2), 5);
    EXPECT_TRUE(std::holds_alternative<TransferPtr>(check(transfer, transfer->bytes()).outcome));
    EXPECT_LE(refusals, 0);
}

TEST_F(CheckPoolTest, BeginsNoMoreThanFitsBesideWhatTheNodeHasNotTaken) {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<CheckPool::Held> taken;
    std::size_t most = 0;
    CheckPool pool{chain, known,
                   [&](const net::Checked&, CheckPool::Held held) {
                       const std::lock_guard lock{mutex};
                       taken.push_back(std::move(held));
                       most = std::max(most, taken.size());
                       changed.notify_all();
                       return true;
                   },
                   2, 5 * 2 * 1000};
    for (int i = 0; i < 6; ++i)
        pool.add({1, {net::ItemKind::block, {}}, std::make_shared<const Bytes>(1000)});
    EXPECT_TRUE(pool.is_behind());
    for (int left = 6; left > 0;) {
        std::vector<CheckPool::Held> freed;
        std::unique_lock lock{mutex};
        // Two fit, and the third is not begun before one of them goes.
        const std::size_t expected = std::min(left, 2);
        ASSERT_TRUE(changed.wait_for(lock, std::chrono::minutes{1},
                                     [&] { return taken.size() >= expected; }));
        freed.swap(taken);
        left -= static_cast<int>(freed.size());
    }
    EXPECT_LE(most, 2U);
    EXPECT_FALSE(pool.is_behind());
}

TEST_F(CheckPoolTest, ChecksABodyLargerThanAllThatMayBeHeld) {
    std::promise<void> done;
    CheckPool pool{chain, known,
                   [&](const net::Checked&, const CheckPool::Held&) {
                       done.set_value();
                       return true;
                   },
                   1, 10};
    pool.add({1, {net::ItemKind::block, {}}, std::make_shared<const Bytes>(1000)});
    EXPECT_EQ(done.get_future().wait_for(std::chrono::minutes{1}), std::future_status::ready);
}

TEST_F(CheckPoolTest, EndsThoughTheNodeTakesNothing) {
    std::promise<void> tried;
    std::once_flag once;
    CheckPool pool{chain, known,
                   [&](const net::Checked&, const CheckPool::Held&) {
                       std::call_once(once, [&] { tried.set_value(); });
                       return false;
                   },
                   1};
    pool.add({1, {}, std::make_shared<const Bytes>()});
    tried.get_future().wait();
    pool.stop();
    pool.add({1, {}, std::make_shared<const Bytes>()});  // forgotten
}

TEST(KnownIds, KeepsTheYoungerHalf) {
    const auto chain = testing::params_of(testing::easy_spec());
    Keys keys;
    std::vector<TransferPtr> all;
    for (std::uint64_t i = 0; i < 5; ++i)
        all.push_back(keys.transfer(*chain, 1, i, keys.address(2), 5));
    KnownIds known{2 * KnownIds::cost_of(*all.front())};
    for (int i = 0; i < 4; ++i) known.add(all[0]);
    EXPECT_EQ(known.find(all[0]->id()), all[0]);
    for (std::size_t i = 1; i < 4; ++i) known.add(all[i]);
    EXPECT_FALSE(known.find(all[0]->id()));
    EXPECT_FALSE(known.find(all[1]->id()));
    EXPECT_EQ(known.find(all[2]->id()), all[2]);
    EXPECT_EQ(known.find(all[3]->id()), all[3]);
    known.add(all[4]);
    EXPECT_EQ(known.find(all[2]->id()), all[2]);
    EXPECT_EQ(known.find(all[4]->id()), all[4]);
}

}  // namespace
}  // namespace cairn
