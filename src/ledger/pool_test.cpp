#include "ledger/pool.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ledger/testing/machine.hpp"

namespace cairn {
namespace {

using testing::MapStore;
using testing::nobody;

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr UnixSeconds kHour = 3600;
constexpr std::size_t kSize = 154;  // bytes of a transfer without data

/// A pool, and the accounts it is told of.
class PoolTest : public ::testing::Test {
protected:
    PoolTest() : params_{testing::params_of(testing::easy_spec())} {}

    void give(std::uint64_t key, std::uint64_t balance, std::uint64_t nonce = 0) {
        accounts_[keys_.address(key)] = Account{balance, nonce};
    }
    Account account(const Address& who) const {
        const auto found = accounts_.find(who);
        return found == accounts_.end() ? Account{} : found->second;
    }
    TransferPtr transfer(std::uint64_t key, std::uint64_t nonce, std::uint64_t fee = 0,
                         std::uint64_t amount = 1, std::size_t data = 0) {
        return keys_.transfer(*params_, key, nonce, nobody(1), amount, fee, data);
    }
    Result<Admitted, Rejection> add(const TransferPtr& transfer) {
        return pool_.add(transfer, account(transfer->sender()), now_, rows_);
    }
    TransferPtr added(std::uint64_t key, std::uint64_t nonce, std::uint64_t fee = 0,
                      std::uint64_t amount = 1, std::size_t data = 0) {
        auto made = transfer(key, nonce, fee, amount, data);
        const auto result = add(made);
        EXPECT_TRUE(result) << result.error().to_string();
        return made;
    }
    Rule refused(const TransferPtr& transfer) {
        const auto before = pool_.size(now_);
        const auto result = add(transfer);
        EXPECT_FALSE(result);
        EXPECT_EQ(pool_.size(now_).bytes, before.bytes);
        return result ? Rule::malformed : result.error().rule;
    }
    std::vector<Txid> best(std::size_t bytes = SIZE_MAX) const {
        std::vector<Txid> ids;
        for (const auto& transfer : pool_.best(bytes)) ids.push_back(transfer->id());
        return ids;
    }
    /// The pool that a restart finds.
    Pool reloaded(const MapStore& store, std::size_t& bad) {
        Pool other{pool_.limits()};
        Staged rows{store.snapshot()};
        bad = other.load([&](const Address& who) { return account(who); }, now_, rows);
        return other;
    }
    MapStore stored() const {
        MapStore store;
        EXPECT_TRUE(store.write(rows_.to_batch()));
        return store;
    }
    void limit(PoolLimits limits) { pool_ = Pool{limits}; }

    std::shared_ptr<const ChainParams> params_;
    testing::Keys keys_;
    std::map<Address, Account> accounts_;
    MapStore empty_;
    Staged rows_{empty_.snapshot()};
    Pool pool_{PoolLimits{}};
    UnixSeconds now_ = kStart;
};

std::vector<Txid> ids(const std::vector<TransferPtr>& transfers) {
    std::vector<Txid> out;
    for (const auto& transfer : transfers) out.push_back(transfer->id());
    return out;
}

TEST_F(PoolTest, ATransferIsAdmittedAndFoundInMemoryAndInTheRows) {
    give(1, 10);
    const auto t = transfer(1, 0, 2, 3);
    const auto result = add(t);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->executable);
    EXPECT_FALSE(result->known);
    EXPECT_EQ(pool_.find(t->id()), t);
    EXPECT_EQ(pool_.find(Txid{}), nullptr);
    EXPECT_EQ(pool_.size(now_), (PoolSize{1, kSize, 0}));
    ASSERT_TRUE(tables::pending(rows_, t->id()));
    EXPECT_EQ(tables::pending(rows_, t->id())->transfer->bytes(), t->bytes());
    EXPECT_EQ(tables::pending(rows_, t->id())->since, kStart);
    EXPECT_EQ(tables::pending_nonces(rows_, t->sender()), std::vector<std::uint64_t>{0});
    EXPECT_FALSE(tables::pending(rows_, Txid{}));
}

TEST_F(PoolTest, AKnownTransferIsRefused) {
    give(1, 10);
    EXPECT_EQ(refused(added(1, 0)), Rule::already_known);
}

TEST_F(PoolTest, AUsedNonceIsRefusedTheNextTaken) {
    give(1, 10, 5);
    EXPECT_EQ(refused(transfer(1, 4)), Rule::nonce_used);
    added(1, 5);
}

TEST_F(PoolTest, FutureNoncesReach64BeyondTheNext) {
    give(1, 1000);
    added(1, 0);
    EXPECT_EQ(refused(transfer(1, 66)), Rule::nonce_distant);
    const auto result = add(transfer(1, 65));
    ASSERT_TRUE(result);
    EXPECT_FALSE(result->executable);
    for (std::uint64_t nonce = 2; nonce < 65; ++nonce) added(1, nonce);
    EXPECT_EQ(pool_.next_nonce(keys_.address(1), 0), 1u);
    EXPECT_EQ(best().size(), 1u);
    added(1, 1);
    EXPECT_EQ(best().size(), 66u);
    EXPECT_EQ(pool_.next_nonce(keys_.address(1), 0), 66u);
    EXPECT_EQ(pool_.next_nonce(keys_.address(2), 9), 9u);
}

TEST_F(PoolTest, TheSumOfPendingCostsNeverExceedsTheBalance) {
    give(1, 10);
    EXPECT_EQ(refused(transfer(1, 0, 1, 10)), Rule::overdraft);
    added(1, 0, 1, 5);
    EXPECT_EQ(refused(transfer(1, 1, 1, 4)), Rule::pool_balance);
    // Nor does a gap help (MemPurge).
    EXPECT_EQ(refused(transfer(1, 2, 1, 4)), Rule::pool_balance);
    added(1, 2, 1, 3);
    EXPECT_EQ(refused(transfer(1, 1, 0, 1)), Rule::pool_balance);
    EXPECT_EQ(refused(transfer(9, 0)), Rule::overdraft);
}

TEST_F(PoolTest, AReplacementIsWeighedAgainstTheBalanceWithoutTheReplaced) {
    give(1, 10);
    added(1, 0, 1, 9);
    EXPECT_EQ(refused(transfer(1, 0, 2, 9)), Rule::overdraft);
    added(1, 0, 2, 8);
}

class Replacement : public PoolTest, public ::testing::WithParamInterface<std::pair<int, int>> {};
INSTANTIATE_TEST_SUITE_P(Fees, Replacement,
                         ::testing::Values(std::pair{0, 1}, std::pair{1, 2}, std::pair{9, 10},
                                           std::pair{10, 11}, std::pair{11, 13}, std::pair{20, 22},
                                           std::pair{1000, 1100}));

TEST_F(PoolTest, AReplacementRemembersWhatItReplaced) {
    give(1, 100);
    const auto old = added(1, 0, 1);
    const auto after = added(1, 1, 1);
    const auto fresh = transfer(1, 0, 2);
    const auto result = add(fresh);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->displaced, std::vector{old->id()});
    EXPECT_EQ(best(), ids({fresh, after}));
    const auto dropped = tables::dropped(rows_, old->id());
    ASSERT_TRUE(dropped);
    EXPECT_EQ(dropped->reason, "replaced by " + fresh->id().to_string());
    EXPECT_FALSE(tables::pending(rows_, old->id()));
    EXPECT_EQ(tables::pending_nonces(rows_, old->sender()), (std::vector<std::uint64_t>{0, 1}));
}

TEST_P(Replacement, PaysTenPercentAndAtLeastAUnitMore) {
    const auto [fee, least] = GetParam();
    give(1, 100'000);
    added(1, 0, static_cast<std::uint64_t>(fee), 5);
    EXPECT_EQ(refused(transfer(1, 0, static_cast<std::uint64_t>(least) - 1, 6)),
              Rule::replacement_fee);
    added(1, 0, static_cast<std::uint64_t>(least), 6);
    EXPECT_EQ(pool_.size(now_).transfers, 1u);
}

TEST_F(PoolTest, AReplacementMayNotLowerTheFeeRate) {
    give(1, 100'000);
    added(1, 0, 154, 1);  // one unit a byte
    EXPECT_EQ(refused(transfer(1, 0, 253, 1, 100)), Rule::replacement_fee);
    added(1, 0, 254, 1, 100);
}

TEST_F(PoolTest, TheConfiguredFloorIsHeldAndAFeeOfZeroIsTakenWithout) {
    give(1, 100'000);
    added(1, 0, 0);
    PoolLimits limits;
    limits.min_fee_rate = 1000;  // one unit a byte
    limit(limits);
    EXPECT_EQ(refused(transfer(1, 0, 153)), Rule::fee_floor);
    added(1, 0, 154);
    EXPECT_EQ(pool_.size(now_).fee_floor, 1000u);
}

TEST_F(PoolTest, BestIsByFeeRateWithinNonceOrder) {
    for (std::uint64_t key = 1; key <= 3; ++key) give(key, 100'000);
    const auto a0 = added(1, 0, 10);
    const auto a1 = added(1, 1, 500);
    const auto b0 = added(2, 0, 100);
    const auto b1 = added(2, 1, 5);
    const auto c0 = added(3, 0, 10);  // as good as a0, later
    added(3, 2, 900);                 // its turn has not come
    EXPECT_EQ(best(), ids({b0, a0, a1, c0, b1}));
    EXPECT_EQ(best(2 * kSize), ids({b0, a0}));
    EXPECT_EQ(best(2 * kSize - 1), ids({b0}));
    EXPECT_EQ(best(0), ids({}));
}

TEST_F(PoolTest, BestFillsTheRestWithSmallerTransfersOfOthers) {
    give(1, 100'000);
    give(2, 100'000);
    const auto large = added(1, 0, 10'000, 1, 1000);
    added(1, 1, 10'000);
    const auto small = added(2, 0, 1);
    EXPECT_EQ(best(large->bytes().size() - 1), ids({small}));
}

TEST_F(PoolTest, NonceGapsFilledInAnyOrderEndInTheSameRun) {
    std::mt19937_64 random{7};  // fixed seed
    for (int round = 0; round < 50; ++round) {
        limit({});
        give(1, 1000);
        std::vector<TransferPtr> all;
        for (std::uint64_t nonce = 0; nonce < 30; ++nonce)
            all.push_back(transfer(1, nonce, random() % 5));
        auto shuffled = all;
        std::shuffle(shuffled.begin(), shuffled.end(), random);
        for (const auto& one : shuffled) ASSERT_TRUE(add(one));
        EXPECT_EQ(best(), ids(all));
    }
}

// --- a full pool

class FullPool : public PoolTest {
protected:
    static constexpr std::size_t kRoom = 100;  // transfers
    FullPool() {
        PoolLimits limits;
        limits.bytes = kRoom * kSize;
        limit(limits);
        for (std::uint64_t key = 1; key <= 300; ++key) give(key, 1'000'000);
    }
    void fill(std::uint64_t fee) {
        for (std::uint64_t key = 1; key <= kRoom; ++key) added(key, 0, fee);
    }
};

TEST_F(FullPool, TheCheapestGoesFirstAndAnEqualRateDoesNotGetIn) {
    fill(10);
    EXPECT_EQ(pool_.size(now_).bytes, kRoom * kSize);
    EXPECT_EQ(refused(transfer(200, 0, 10)), Rule::pool_full);
    const auto result = add(transfer(200, 0, 11));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->displaced.size(), 1u);
    EXPECT_EQ(pool_.size(now_).bytes, kRoom * kSize);
    const auto dropped = tables::dropped(rows_, result->displaced[0]);
    ASSERT_TRUE(dropped);
    EXPECT_EQ(dropped->transfer->sender(), keys_.address(kRoom));  // of equal rates the newest
}

TEST_F(FullPool, EvictionTakesTheEndOfAChainNotItsHead) {
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) added(1, nonce, 5);
    for (std::uint64_t key = 2; key <= kRoom - 2; ++key) added(key, 0, 50);
    ASSERT_TRUE(add(transfer(200, 0, 60)));
    ASSERT_TRUE(add(transfer(201, 0, 60)));
    EXPECT_EQ(tables::pending_nonces(rows_, keys_.address(1)), std::vector<std::uint64_t>{0});
    ASSERT_TRUE(add(transfer(202, 0, 60)));
    EXPECT_TRUE(tables::pending_nonces(rows_, keys_.address(1)).empty());
}

TEST_F(FullPool, ALargeTransferPushesOutAsManyAsItNeedsTheWorstFirst) {
    // Uncovered by the end of a chain, what stands before it is weighed against the other ends.
    std::vector<Txid> chain;
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) chain.push_back(added(1, nonce, 5)->id());
    const auto cheap = added(2, 0, 4);
    const auto dearer = added(3, 0, 6);
    for (std::uint64_t key = 4; key <= kRoom - 2; ++key) added(key, 0, 50);
    const auto large = transfer(200, 0, 100'000, 1, 3 * kSize - 10);
    const auto result = add(large);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->displaced, (std::vector{cheap->id(), chain[2], chain[1], chain[0]}));
    EXPECT_TRUE(pool_.find(dearer->id()));
}

TEST_F(FullPool, AChainDoesNotGoForWhatAnyOfItsEntriesIsWorthMoreThan) {
    // The end is worth less than the newcomer, the head behind it is not: one place is not enough.
    added(1, 0, 900);
    const auto end = added(1, 1, 5);
    for (std::uint64_t key = 2; key <= kRoom - 1; ++key) added(key, 0, 900);
    EXPECT_EQ(refused(transfer(200, 0, 1000, 1, kSize)), Rule::pool_full);
    EXPECT_TRUE(pool_.find(end->id()));
}

TEST_F(FullPool, ARichEndBehindAPoorHeadIsWorthNoMoreThanTheHead) {
    added(1, 0, 0);
    const auto rich = added(1, 1, 10'000);
    for (std::uint64_t key = 2; key <= kRoom - 1; ++key) added(key, 0, 50);
    // Nor does another rich one behind it push anybody out.
    EXPECT_EQ(refused(transfer(1, 2, 20'000)), Rule::pool_full);
    const auto result = add(transfer(200, 0, 51));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->displaced, std::vector{rich->id()});
    EXPECT_LT(pool_.size(now_).fee_floor, 10u);  // and it does not lift the floor for the others
}

TEST_F(FullPool, NobodyIsEvictedForHisOwnTransfer) {
    for (std::uint64_t nonce = 0; nonce < kRoom; ++nonce) added(1, nonce, 1);
    EXPECT_EQ(refused(transfer(1, kRoom, 1000)), Rule::pool_full);
}

TEST_F(FullPool, FutureTransfersTakeATenthAtMostAndNeverPushOutExecutableOnes) {
    for (std::uint64_t key = 1; key <= 10; ++key) added(key, 1, 1000);
    EXPECT_EQ(refused(transfer(11, 1, 999'000)), Rule::pool_full);
    for (std::uint64_t key = 101; key <= 190; ++key) added(key, 0, 0);
    EXPECT_EQ(pool_.size(now_).bytes, kRoom * kSize);
    EXPECT_EQ(refused(transfer(12, 1, 999'000)), Rule::pool_full);
    // Where the tenth has room again but the pool has none, executable ones stay at any price.
    for (std::uint64_t key = 1; key <= 5; ++key) added(key, 0, 2000);
    for (std::uint64_t key = 191; key <= 200; ++key) (void)add(transfer(key, 0, 2000));
    const auto executable = pool_.best(SIZE_MAX).size();
    EXPECT_EQ(executable, kRoom);
    EXPECT_EQ(refused(transfer(12, 1, 999'000)), Rule::pool_full);
    EXPECT_EQ(pool_.best(SIZE_MAX).size(), executable);
}

TEST_F(FullPool, AFutureTransferPushesOutAnotherOnlyIfItPaysMore) {
    for (std::uint64_t key = 1; key <= 5; ++key) added(key, 1, 10);
    for (std::uint64_t key = 101; key <= 195; ++key) added(key, 0, 0);
    EXPECT_EQ(refused(transfer(6, 1, 10)), Rule::pool_full);
    EXPECT_EQ(refused(transfer(6, 1, 0)), Rule::pool_full);
    const auto result = add(transfer(6, 1, 11));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->displaced.size(), 1u);
    EXPECT_EQ(pool_.best(SIZE_MAX).size(), 95u);
}

TEST_F(FullPool, AnExecutableTransferPushesOutFutureOnesFirst) {
    for (std::uint64_t key = 1; key <= 5; ++key) added(key, 1, 1000);
    for (std::uint64_t key = 101; key <= 195; ++key) added(key, 0, 0);
    ASSERT_TRUE(add(transfer(200, 0, 0)));
    EXPECT_EQ(pool_.best(SIZE_MAX).size(), 96u);
    EXPECT_EQ(pool_.size(now_).fee_floor, 0u);
}

TEST_F(FullPool, TheFloorRisesHalvesEveryHourAndIsGoneAfterTwelve) {
    fill(154);  // one unit a byte
    ASSERT_TRUE(add(transfer(200, 0, 308)));
    EXPECT_EQ(pool_.size(now_).fee_floor, 1001u);
    EXPECT_EQ(refused(transfer(201, 0, 154)), Rule::fee_floor);
    EXPECT_EQ(pool_.size(now_ + kHour - 1).fee_floor, 1001u);
    EXPECT_EQ(pool_.size(now_ + kHour).fee_floor, 500u);
    EXPECT_EQ(pool_.size(now_ + 12 * kHour - 1).fee_floor, 0u);
    EXPECT_EQ(pool_.size(now_ + 12 * kHour).fee_floor, 0u);
    EXPECT_EQ(pool_.size(now_ - 5).fee_floor, 1001u);  // a clock that went back
}

TEST_F(FullPool, ATransferLargerThanThePoolIsRefused) {
    PoolLimits limits;
    limits.bytes = 1000;
    limit(limits);
    EXPECT_EQ(refused(transfer(1, 0, 100, 1, 1000)), Rule::pool_full);
}

TEST_F(FullPool, AFloodOfFutureNoncesLeavesExecutableTransfersAlone) {
    std::vector<TransferPtr> honest;
    for (std::uint64_t key = 101; key <= 195; ++key) honest.push_back(added(key, 0, 0));
    for (std::uint64_t i = 0; i < 2000; ++i) {
        const auto flood = transfer(1 + i % 90, 1 + i / 90, 1 + i);
        const auto result = add(flood);
        EXPECT_TRUE(!result || !result->executable);
    }
    for (const auto& one : honest) EXPECT_TRUE(pool_.find(one->id()));
}

// --- time

TEST_F(PoolTest, FutureTransfersWaitThreeHours) {
    give(1, 100);
    const auto now_executable = added(1, 0);
    const auto future = added(1, 2);
    now_ += 3 * kHour - 1;
    pool_.expire(now_, rows_);
    EXPECT_TRUE(pool_.find(future->id()));
    ++now_;
    pool_.expire(now_, rows_);
    EXPECT_FALSE(pool_.find(future->id()));
    EXPECT_TRUE(pool_.find(now_executable->id()));
    EXPECT_TRUE(tables::dropped(rows_, future->id()));
}

TEST_F(PoolTest, ExpiryOfASendersOnlyTransferForgetsTheSender) {
    give(1, 100);
    added(1, 5);
    added(1, 7);
    pool_.expire(now_ + 3 * kHour, rows_);
    EXPECT_EQ(pool_.size(now_), (PoolSize{0, 0, 0}));
}

TEST_F(PoolTest, IdempotencyKeysAreRememberedForADay) {
    const Hash256 key = sha256(as_bytes("key"));
    const Txid id = txid_of(as_bytes("id"));
    tables::put_idempotency(rows_, key, kStart, id);
    EXPECT_EQ(tables::idempotency(rows_, key, kStart + kIdempotencySeconds - 1), id);
    EXPECT_FALSE(tables::idempotency(rows_, key, kStart + kIdempotencySeconds));
    EXPECT_FALSE(tables::idempotency(rows_, Hash256{}, kStart));
    pool_.expire(kStart + kIdempotencySeconds - 1, rows_);
    EXPECT_TRUE(tables::idempotency(rows_, key, kStart));
    pool_.expire(kStart + kIdempotencySeconds, rows_);
    EXPECT_FALSE(tables::idempotency(rows_, key, kStart));
    pool_.expire(100, rows_);  // a clock before the first day
}

TEST_F(PoolTest, AnIdempotencyKeyUsedAnewLivesADayFromThen) {
    const Hash256 key = sha256(as_bytes("key"));
    const Txid id = txid_of(as_bytes("id"));
    tables::put_idempotency(rows_, key, kStart, Txid{});
    tables::put_idempotency(rows_, key, kStart + kIdempotencySeconds, id);
    pool_.expire(kStart + kIdempotencySeconds, rows_);
    EXPECT_EQ(tables::idempotency(rows_, key, kStart + kIdempotencySeconds + 1), id);
}

// --- restart

TEST_F(PoolTest, ARestartFindsTheSamePool) {
    std::mt19937_64 random{3};  // fixed seed
    for (std::uint64_t key = 1; key <= 20; ++key) give(key, 10'000);
    for (int i = 0; i < 400; ++i)
        (void)add(transfer(1 + random() % 20, random() % 12, random() % 300, 1 + random() % 50));
    const auto store = stored();
    std::size_t bad = 0;
    const Pool other = reloaded(store, bad);
    EXPECT_EQ(bad, 0u);
    EXPECT_EQ(other.size(now_), pool_.size(now_));
    EXPECT_EQ(ids(other.best(SIZE_MAX)), best());
    EXPECT_GT(best().size(), 50u);
}

TEST_F(PoolTest, DamagedRowsAreDroppedAndCountedAndTheOthersStay) {
    give(1, 10'000);
    give(2, 10'000);
    const auto bad_one = added(1, 0);
    const auto behind = added(1, 1);
    const auto other = added(2, 0);
    const auto good = stored();
    std::size_t seen = 0;
    for (const auto& [key, value] : good.rows(Table::pool)) {
        if (key[0] != 0 || key.back() != 1) continue;
        for (std::size_t i = 4; i < value.size(); ++i) {
            auto store = good.copy();
            Bytes flipped = value;
            flipped[i] ^= 1;
            store.tamper(Table::pool, key, flipped);
            Pool pool{PoolLimits{}};
            Staged rows{store.snapshot()};
            const auto reader = [&](const Address& who) { return account(who); };
            ASSERT_EQ(pool.load(reader, now_, rows), 1u) << "byte " << i;
            EXPECT_EQ(ids(pool.best(SIZE_MAX)), ids({other}));
            EXPECT_TRUE(pool.find(behind->id()));
            EXPECT_FALSE(pool.find(bad_one->id()));
            EXPECT_EQ(tables::pending_nonces(rows, keys_.address(1)),
                      std::vector<std::uint64_t>{1});
            EXPECT_FALSE(tables::pending(rows, bad_one->id()));
            ASSERT_TRUE(store.write(rows.to_batch()));
            std::size_t again = 9;
            (void)reloaded(store, again);
            EXPECT_EQ(again, 0u);
            ++seen;
        }
    }
    EXPECT_EQ(seen, kSize);
}

TEST_F(PoolTest, KeysOfAnyShapeDoNotHangTheStart) {
    give(1, 10'000);
    added(1, 0);
    for (const Bytes& key : {Bytes{0, 1}, Bytes{0, 0xff}, Bytes(9, 0),
                             Bytes{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                             Bytes{0, 0, 0, 0, 0, 0, 0, 0, 1, 1},
                             Bytes{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}) {
        auto store = stored();
        store.tamper(Table::pool, key, Bytes{1, 2, 3});
        std::size_t bad = 0;
        const Pool pool = reloaded(store, bad);
        EXPECT_EQ(bad, 1u);
        EXPECT_EQ(pool.size(now_).transfers, 1u);
    }
}

TEST_F(PoolTest, ARowWhoseNonceIsUsedUpIsDropped) {
    give(1, 10'000);
    added(1, 0);
    added(1, 1);
    const auto store = stored();
    give(1, 10'000, 1);
    std::size_t bad = 0;
    const Pool pool = reloaded(store, bad);
    EXPECT_EQ(bad, 1u);
    EXPECT_EQ(pool.best(SIZE_MAX).size(), 1u);
}

TEST_F(PoolTest, ARowOfTheLastOrderIsRefusedSinceNoneCouldFollow) {
    give(1, 10'000);
    const auto one = added(1, 0);
    auto store = stored();
    for (const auto& [key, value] : MapStore::Rows{store.rows(Table::pool)}) {
        if (key[0] != 0) continue;
        store.tamper(Table::pool, key, std::nullopt);
        Bytes last(9, 0xff);
        last[0] = 0;
        store.tamper(Table::pool, last, value);
    }
    std::size_t bad = 0;
    const Pool pool = reloaded(store, bad);
    EXPECT_EQ(bad, 1u);
    EXPECT_FALSE(pool.find(one->id()));
}

TEST_F(PoolTest, AnIndexWithoutItsRowFindsNothing) {
    give(1, 10'000);
    const auto one = added(1, 0);
    auto store = stored();
    for (const auto& [key, value] : MapStore::Rows{store.rows(Table::pool)})
        if (key[0] == 0) store.tamper(Table::pool, key, std::nullopt);
    const Staged rows{store.snapshot()};
    EXPECT_TRUE(tables::pending_order(rows, one->id()));
    EXPECT_FALSE(tables::pending(rows, one->id()));
    EXPECT_FALSE(tables::pending(rows, Txid{}));
}

// --- memory of what was dropped

TEST_F(PoolTest, TenThousandDroppedTransfersAreRememberedTheOldestForgottenFirst) {
    const std::uint64_t extra = 51;
    PoolLimits limits;
    limits.bytes = kSize;
    limit(limits);
    std::vector<TransferPtr> all;
    // One place, and each pays more than the one before: all but the last are dropped.
    give(1, 1'000'000'000);
    for (std::uint64_t i = 0; i < kDroppedMax + extra + 1; ++i) {
        auto raw = transfer(1, 0, 1, 1)->value();
        raw.nonce = 0;
        raw.fee = 1 + i;
        raw.amount = 1 + i;
        all.push_back(CheckedTransfer::from_store(encode(raw)));  // the pool asks for no signature
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        // A sender of its own for each, so that it is an eviction.
        auto raw = all[i]->value();
        raw.sender.bytes[0] = static_cast<std::uint8_t>(i);
        raw.sender.bytes[1] = static_cast<std::uint8_t>(i >> 8);
        all[i] = CheckedTransfer::from_store(encode(raw));
        ASSERT_TRUE(pool_.add(all[i], Account{1'000'000'000, 0}, now_, rows_));
    }
    EXPECT_EQ(tables::dropped_orders(rows_, SIZE_MAX).size(), kDroppedMax);
    EXPECT_FALSE(tables::dropped(rows_, all[extra - 1]->id()));
    EXPECT_TRUE(tables::dropped(rows_, all[extra]->id()));
    EXPECT_TRUE(tables::dropped(rows_, all[all.size() - 2]->id()));
    EXPECT_FALSE(tables::dropped(rows_, all.back()->id()));
    std::size_t bad = 0;
    const auto store = stored();
    Pool other = reloaded(store, bad);
    Staged rows{store.snapshot()};
    (void)other.load([](const Address&) { return Account{1'000'000'000, 0}; }, now_, rows);
}

TEST_F(PoolTest, OneThatIsDroppedAgainAndAgainPushesNoOtherFromMemory) {
    give(1, 100'000'000);
    give(2, 100'000'000);
    const auto first = added(2, 0, 0);
    added(2, 0, 1);
    // Two that take turns: each return forgets one drop.
    for (std::uint64_t i = 0; i < kDroppedMax + 10; ++i) {
        Pool::Settled ignored;
        const auto it = CheckedTransfer::from_store(transfer(1, 1, 0)->bytes());
        ASSERT_TRUE(add(it)) << i;
        pool_.expire(now_ + 3 * kHour, rows_);
    }
    EXPECT_TRUE(tables::dropped(rows_, first->id()));
    EXPECT_EQ(tables::dropped_orders(rows_, SIZE_MAX).size(), 2u);
}

TEST_F(PoolTest, ADroppedRowThatDoesNotDecodeIsNone) {
    const auto one = transfer(1, 0);
    tables::put_dropped(rows_, 1, {one, "why"});
    EXPECT_EQ(tables::dropped(rows_, one->id())->reason, "why");
    auto store = stored();
    for (const auto& [key, value] : MapStore::Rows{store.rows(Table::pool)})
        if (key.size() == 33) store.tamper(Table::pool, key, Bytes(value.begin(), value.end() - 1));
    const Staged rows{store.snapshot()};
    EXPECT_FALSE(tables::dropped(rows, one->id()));
    EXPECT_FALSE(tables::dropped(rows, Txid{}));
}

TEST_F(PoolTest, AnIdempotencyRowThatDoesNotDecodeIsNone) {
    const Hash256 key = sha256(as_bytes("key"));
    tables::put_idempotency(rows_, key, kStart, Txid{});
    auto store = stored();
    for (const auto& [row, value] : MapStore::Rows{store.rows(Table::pool)})
        if (!value.empty()) store.tamper(Table::pool, row, Bytes(value.begin(), value.end() - 1));
    EXPECT_FALSE(tables::idempotency(Staged{store.snapshot()}, key, kStart));
}

// --- following the chain

class SettleTest : public ::testing::Test {
protected:
    SettleTest() : machine_{chain_.params()} {
        BlockHash at = chain_.genesis();
        for (std::uint64_t key = 1; key <= 4; ++key) {
            testing::BlockWish wish;
            wish.to = chain_.keys().address(key);
            at = connect(chain_.extend(at, wish)).connected.back();
        }
        base_ = at;
    }
    Account account(const Address& who) const {
        return tables::account(*machine_.rows, who).value_or(Account{});
    }
    TipChange connect(const BlockPtr& block) { return machine_.add(block); }
    Pool::Settled settle(const TipChange& change) {
        const auto settled = pool_.settle(
            change,
            [&](const BlockHash& hash) { return machine_.ledger->block(*machine_.rows, hash); },
            [&](const Address& who) { return account(who); }, kStart, *machine_.rows);
        machine_.write();
        return settled;
    }
    TransferPtr transfer(std::uint64_t key, std::uint64_t nonce, std::uint64_t amount = 1,
                         std::uint64_t fee = 0) {
        return chain_.keys().transfer(*chain_.params(), key, nonce, nobody(7), amount, fee);
    }
    TransferPtr added(std::uint64_t key, std::uint64_t nonce, std::uint64_t amount = 1,
                      std::uint64_t fee = 0) {
        auto made = transfer(key, nonce, amount, fee);
        const auto result = pool_.add(made, account(made->sender()), kStart, *machine_.rows);
        EXPECT_TRUE(result) << result.error().to_string();
        machine_.write();
        return made;
    }
    testing::BlockWish holding(std::vector<TransferPtr> transfers) {
        testing::BlockWish wish;
        wish.transfers = std::move(transfers);
        return wish;
    }
    static constexpr std::uint64_t kCoins50 = 50 * Amount::kUnitsPerCoin;

    testing::ChainBuilder chain_;
    testing::Machine machine_;
    Pool pool_{PoolLimits{}};
    BlockHash base_;
};

TEST_F(SettleTest, ConfirmedTransfersLeaveAndTheirSuccessorsStay) {
    const auto a = added(1, 0);
    const auto b = added(1, 1);
    const auto c = added(2, 0);
    const auto settled = settle(connect(chain_.extend(base_, holding({a}))));
    EXPECT_EQ(settled.confirmed, ids({a}));
    EXPECT_TRUE(settled.dropped.empty());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({b, c}));
    EXPECT_FALSE(tables::pending(*machine_.rows, a->id()));
    EXPECT_EQ(pool_.size(kStart).bytes, 2 * kSize);
}

TEST_F(SettleTest, AnotherTransferOfTheSameNonceMakesOursImpossible) {
    const auto ours = added(1, 0, 5);
    const auto theirs = transfer(1, 0, 6);
    const auto settled = settle(connect(chain_.extend(base_, holding({theirs}))));
    EXPECT_TRUE(settled.confirmed.empty());
    ASSERT_EQ(settled.dropped.size(), 1u);
    EXPECT_EQ(settled.dropped[0].transfer->id(), ours->id());
    EXPECT_EQ(settled.dropped[0].reason, "nonce 0 was taken by another transfer of the sender");
    ASSERT_TRUE(tables::dropped(*machine_.rows, ours->id()));
}

TEST_F(SettleTest, AMinedGapMakesFutureTransfersExecutable) {
    const auto later = added(1, 1);
    EXPECT_TRUE(pool_.best(SIZE_MAX).empty());
    settle(connect(chain_.extend(base_, holding({transfer(1, 0)}))));
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({later}));
}

TEST_F(SettleTest, WhatTheBalanceNoLongerCoversIsDroppedFromTheEnd) {
    const auto kept = added(1, 1, 10);
    const auto gone = added(1, 2, kCoins50 - 100);
    const auto settled = settle(connect(chain_.extend(base_, holding({transfer(1, 0, 200)}))));
    ASSERT_EQ(settled.dropped.size(), 1u);
    EXPECT_EQ(settled.dropped[0].transfer->id(), gone->id());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({kept}));
}

TEST_F(SettleTest, TransfersOfAbandonedBlocksReturnBeforeThoseThatWaitBehindThem) {
    const auto a = added(1, 0, 3);
    const auto b = added(1, 1, 4);
    const auto c = added(1, 2, 5);
    const auto a1 = chain_.extend(base_, holding({a}));
    settle(connect(a1));
    settle(connect(chain_.extend(a1->header.hash, holding({b}))));
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({c}));
    const auto other = chain_.grow(base_, 3);
    const auto settled = settle(machine_.add(other));
    EXPECT_EQ(settled.returned, ids({a, b}));
    EXPECT_TRUE(settled.dropped.empty());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({a, b, c}));
    EXPECT_TRUE(tables::pending(*machine_.rows, a->id()));
}

TEST_F(SettleTest, WhatBothBranchesHoldNeitherReturnsNorIsDropped) {
    const auto a = added(1, 0);
    settle(connect(chain_.extend(base_, holding({a}))));
    auto other = chain_.grow(base_, 1, holding({a}));
    other.push_back(chain_.extend(other.back()->header.hash));
    const auto settled = settle(machine_.add(other));
    EXPECT_TRUE(settled.returned.empty());
    EXPECT_TRUE(settled.dropped.empty());
    EXPECT_EQ(pool_.size(kStart).transfers, 0u);
}

TEST_F(SettleTest, WhatBecameImpossibleInTheOtherBranchIsRememberedWithTheReason) {
    const auto a = transfer(1, 0, 3);
    const auto rival = transfer(1, 0, 4);
    settle(connect(chain_.extend(base_, holding({a}))));
    auto other = chain_.grow(base_, 1, holding({rival}));
    other.push_back(chain_.extend(other.back()->header.hash));
    const auto settled = settle(machine_.add(other));
    ASSERT_EQ(settled.dropped.size(), 1u);
    EXPECT_EQ(settled.dropped[0].transfer->id(), a->id());
    EXPECT_NE(tables::dropped(*machine_.rows, a->id())->reason.find("nonce_used"),
              std::string::npos);
    // And it is forgotten once the chain holds it after all.
    const auto first = chain_.block(chain_.parent(chain_.parent(machine_.tip().hash)));
    const auto back = chain_.grow(base_, 1, holding({a}));
    auto longer = back;
    for (int i = 0; i < 2; ++i) longer.push_back(chain_.extend(longer.back()->header.hash));
    settle(machine_.add(longer));
    EXPECT_FALSE(tables::dropped(*machine_.rows, a->id()));
}

TEST_F(SettleTest, ATransferThatCameBackGoesBeforeWhatWaitsBehindIt) {
    // In the abandoned block the sender was paid; without that, only the one that came back is
    // covered.
    testing::BlockWish wish = holding({transfer(1, 0, kCoins50 - 10)});
    const auto first = wish.transfers[0];
    wish.to = chain_.keys().address(1);
    settle(connect(chain_.extend(base_, wish)));
    const auto behind = added(1, 1, 1000);
    const auto other = chain_.grow(base_, 2);
    const auto settled = settle(machine_.add(other));
    EXPECT_EQ(settled.returned, ids({first}));
    ASSERT_EQ(settled.dropped.size(), 1u);
    EXPECT_EQ(settled.dropped[0].transfer->id(), behind->id());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({first}));
}

TEST_F(SettleTest, WhatReturnsIsNotAskedForTheFloor) {
    PoolLimits limits;
    limits.min_fee_rate = 1000;
    pool_ = Pool{limits};
    const auto free = transfer(1, 0);
    settle(connect(chain_.extend(base_, holding({free}))));
    const auto settled = settle(machine_.add(chain_.grow(base_, 2)));
    EXPECT_EQ(settled.returned, ids({free}));
}

TEST_F(SettleTest, ARunThatLostItsHeadIsHeldToTheBoundsOfFutureTransfers) {
    // A hundred executable behind one that cannot come back: its coins were paid in the same
    // branch.
    testing::BlockWish wish = holding({});
    wish.to = chain_.keys().address(9);
    const auto paid = chain_.extend(base_, wish);
    settle(connect(paid));
    const auto head = transfer(9, 0, kCoins50 - 1000);
    settle(connect(chain_.extend(paid->header.hash, holding({head}))));
    for (std::uint64_t nonce = 1; nonce <= 100; ++nonce) added(9, nonce);
    testing::BlockWish poor = holding({});
    poor.transfers = {
        chain_.keys().transfer(*chain_.params(), 1, 0, chain_.keys().address(9), 500)};
    auto other = chain_.grow(base_, 1, poor);
    for (int i = 0; i < 2; ++i) other.push_back(chain_.extend(other.back()->header.hash));
    settle(machine_.add(other));
    EXPECT_FALSE(pool_.find(head->id()));
    EXPECT_TRUE(pool_.best(SIZE_MAX).empty());
    EXPECT_EQ(pool_.size(kStart).transfers, 64u);
}

TEST_F(SettleTest, WhatComesBackDropsNothingBeforeItself) {
    // The sender was paid in the abandoned block and spent it there; what came before stays.
    const auto first = added(1, 0, kCoins50 - 1000);
    testing::BlockWish paid = holding({});
    paid.to = chain_.keys().address(1);
    const auto block = chain_.extend(base_, paid);
    settle(connect(block));
    const auto second = transfer(1, 1, kCoins50);
    testing::BlockWish both = holding({first, second});
    settle(connect(chain_.extend(block->header.hash, both)));
    const auto settled = settle(machine_.add(chain_.grow(base_, 3)));
    EXPECT_EQ(settled.returned, ids({first}));
    ASSERT_EQ(settled.dropped.size(), 1u);
    EXPECT_EQ(settled.dropped[0].transfer->id(), second->id());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({first}));
}

TEST_F(SettleTest, WhatBecameFutureIsTrimmedToATenthOfThePoolWorstFirst) {
    PoolLimits limits;
    limits.bytes = 100 * kSize;
    pool_ = Pool{limits};
    // Behind two heads that cannot come back, since their coins were paid in the same branch.
    BlockHash at = base_;
    std::vector<TransferPtr> heads;
    for (const std::uint64_t key : {9U, 10U}) {
        testing::BlockWish wish = holding({});
        wish.to = chain_.keys().address(key);
        at = chain_.extend(at, wish)->header.hash;
        settle(connect(chain_.block(at)));
        heads.push_back(transfer(key, 0, kCoins50 - 1000));
    }
    settle(connect(chain_.extend(at, holding(heads))));
    for (std::uint64_t nonce = 1; nonce <= 8; ++nonce) {
        added(9, nonce, 1, 5);
        added(10, nonce, 1, 6);
    }
    EXPECT_EQ(pool_.best(SIZE_MAX).size(), 16u);
    const auto gift = [&](std::uint64_t from, std::uint64_t to) {
        return chain_.keys().transfer(*chain_.params(), from, 0, chain_.keys().address(to), 500);
    };
    auto other = chain_.grow(base_, 1, holding({gift(1, 9), gift(2, 10)}));
    for (int i = 0; i < 3; ++i) other.push_back(chain_.extend(other.back()->header.hash));
    const auto settled = settle(machine_.add(other));
    EXPECT_EQ(settled.dropped.size(), 2u + 6u);
    EXPECT_TRUE(pool_.best(SIZE_MAX).empty());
    EXPECT_EQ(tables::pending_nonces(*machine_.rows, chain_.keys().address(9)),
              (std::vector<std::uint64_t>{1, 2}));
    EXPECT_EQ(tables::pending_nonces(*machine_.rows, chain_.keys().address(10)).size(), 8u);
}

TEST_F(SettleTest, BlocksThatCannotBeReadAreLeftOut) {
    // The store has failed then, and the commit fails with it.
    const auto a = added(1, 0);
    const TipChange change{{base_}, {chain_.genesis()}};
    const auto settled = pool_.settle(
        change, [](const BlockHash&) { return nullptr; },
        [&](const Address& who) { return account(who); }, kStart, *machine_.rows);
    EXPECT_TRUE(settled.confirmed.empty());
    EXPECT_TRUE(settled.returned.empty());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({a}));
}

// Anything at all happens to a small pool; what its rules promise holds after each step.
TEST(PoolInvariants, HoldWhateverHappens) {
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        ChainSpec spec = testing::easy_spec();
        spec.subsidy = 2000;
        spec.opening = 300;
        testing::ChainBuilder chain{spec};
        testing::Machine machine{chain.params()};
        PoolLimits limits;
        limits.bytes = 40 * kSize;
        limits.future_per_sender = 6;
        Pool pool{limits};
        UnixSeconds now = kStart;
        std::vector<BlockHash> tips{chain.genesis()};
        const auto account = [&](const Address& who) {
            return tables::account(*machine.rows, who).value_or(Account{300, 0});
        };
        const auto blocks = [&](const BlockHash& hash) {
            return machine.ledger->block(*machine.rows, hash);
        };
        const auto connect = [&](const BlockPtr& block) {
            const auto change = machine.add(block);
            pool.settle(change, blocks, account, now, *machine.rows);
            machine.write();
        };
        for (int step = 0; step < 400; ++step) {
            const auto what = random() % 12;
            if (what == 0) {
                now += static_cast<UnixSeconds>(random() % 4000);
                pool.expire(now, *machine.rows);
            } else if (what == 1) {  // what the pool thinks best always makes a block
                testing::BlockWish wish;
                wish.transfers = pool.best(random() % 3000);
                wish.to = chain.keys().address(random() % 8);
                const auto block = chain.extend(machine.tip().hash, wish);
                tips.push_back(block->header.hash);
                connect(block);
                ASSERT_EQ(machine.tip().hash, block->header.hash);
            } else if (what == 2) {  // a branch from somewhere near the tip
                BlockHash at = machine.tip().hash;
                for (auto back = random() % 4; back > 0 && at != chain.genesis(); --back)
                    at = chain.parent(at);
                for (auto more = 1 + random() % 4; more > 0; --more) {
                    testing::BlockWish wish;
                    wish.to = chain.keys().address(random() % 8);
                    if (random() % 2 == 0)
                        wish.transfers = {chain.transfer(at, random() % 8, nobody(3),
                                                         1 + random() % 20, random() % 3)};
                    const auto& book = chain.book(at).accounts;
                    if (!wish.transfers.empty()) {
                        const auto who = book.find(wish.transfers[0]->sender());
                        if ((who == book.end() ? 300 : who->second.balance) <
                            wish.transfers[0]->cost())
                            wish.transfers.clear();
                    }
                    const auto block = chain.extend(at, wish);
                    at = block->header.hash;
                    connect(block);
                }
            } else {
                const std::uint64_t key = random() % 8;
                const Address who = chain.keys().address(key);
                const std::uint64_t next = pool.next_nonce(who, account(who).nonce);
                const std::uint64_t nonce =
                    next + random() % 4 - std::min<std::uint64_t>(next, random() % 3);
                const auto made = chain.keys().transfer(
                    *chain.params(), key, nonce, chain.keys().address(random() % 8),
                    1 + random() % 200, random() % 50, random() % 40);
                (void)pool.add(made, account(who), now, *machine.rows);
                machine.write();
            }
            ASSERT_LE(pool.size(now).bytes, limits.bytes);
            std::size_t bytes = 0;
            std::size_t future = 0;
            std::size_t count = 0;
            std::map<Address, std::vector<TransferPtr>> by_sender;
            const auto page = tables::pending_from(*machine.rows, 0, Bounds{SIZE_MAX, SIZE_MAX});
            ASSERT_TRUE(page.undecodable.empty());
            for (const auto& entry : page.entries) {
                by_sender[entry.transfer->sender()].push_back(entry.transfer);
                bytes += entry.transfer->bytes().size();
                ++count;
                ASSERT_TRUE(pool.find(entry.transfer->id()));
                ASSERT_FALSE(tables::location(*machine.rows, entry.transfer->id()));
                ASSERT_FALSE(tables::dropped(*machine.rows, entry.transfer->id()));
            }
            ASSERT_EQ(pool.size(now).bytes, bytes);
            ASSERT_EQ(pool.size(now).transfers, count);
            std::size_t executable = 0;
            for (auto& [who, list] : by_sender) {
                std::sort(list.begin(), list.end(),
                          [](const auto& a, const auto& b) { return a->nonce() < b->nonce(); });
                std::uint64_t cost = 0;
                std::uint64_t next = account(who).nonce;
                std::size_t waiting = 0;
                ASSERT_GE(list.front()->nonce(), next);
                for (const auto& one : list) {
                    cost += one->cost();
                    if (one->nonce() == next) {
                        ++next;
                        ++executable;
                    } else {
                        ++waiting;
                        future += one->bytes().size();
                    }
                }
                ASSERT_LE(cost, account(who).balance);
                ASSERT_LE(waiting, limits.future_per_sender);
                ASSERT_EQ(pool.next_nonce(who, account(who).nonce), next);
            }
            ASSERT_LE(future, limits.bytes / 10);
            ASSERT_EQ(pool.best(SIZE_MAX).size(), executable);
        }
    }
}

}  // namespace
}  // namespace cairn
