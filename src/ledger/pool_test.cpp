#include "ledger/pool.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ledger/pool_keys.hpp"
#include "ledger/testing/machine.hpp"

namespace cairn {
namespace {

using testing::MapStore;
using testing::nobody;

constexpr UnixSeconds kStart = 1'800'000'000;
constexpr Now kNow{50'000'000, kStart};
constexpr UnixSeconds kHour = 3600;
constexpr std::size_t kSize = 154;  // bytes of a transfer without data

Now after(Now now, UnixSeconds seconds) {
    return {now.steady + Tick{seconds} * 1000, now.wall + seconds};
}

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
    /// A block of this sender's next transfer was connected: the pool follows the account.
    void settle_sender(std::uint64_t key) {
        auto block = std::make_shared<CheckedBlock>();
        block->transfers = {transfer(key, 0, 1, 77)};
        (void)pool_.settle(
            {{}, {BlockHash{}}}, [&](const BlockHash&) { return block; },
            [&](const Address& who) { return account(who); }, now_, rows_);
    }

    std::shared_ptr<const ChainParams> params_;
    testing::Keys keys_;
    std::map<Address, Account> accounts_;
    MapStore empty_;
    Staged rows_{empty_.snapshot()};
    Pool pool_{PoolLimits{}};
    Now now_ = kNow;
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
    EXPECT_EQ(pool_.size(now_), (PoolSize{1, kSize, 0, Pool::memory_for(*t)}));
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
    static constexpr std::size_t kRoom = 100;  // transfers, each of a sender of its own
    const std::size_t kMemory = Pool::memory_for(*transfer(1, 0));
    FullPool() {
        set_memory(kRoom * kMemory);
        for (std::uint64_t key = 1; key <= 300; ++key) give(key, 1'000'000);
    }
    void set_memory(std::size_t bytes) {
        PoolLimits limits;
        limits.bytes = bytes;
        limit(limits);
    }
    void fill(std::uint64_t fee) {
        for (std::uint64_t key = 1; key <= kRoom; ++key) added(key, 0, fee);
    }
    /// A pool with room for what `add_all` adds and nothing else.
    template <class AddAll>
    void fill_exactly(AddAll add_all) {
        set_memory(SIZE_MAX / 2);
        add_all();
        set_memory(pool_.size(now_).memory);
        add_all();
    }
    std::vector<std::uint64_t> nonces(std::uint64_t key) {
        return tables::pending_nonces(rows_, keys_.address(key));
    }
    /// Until one is refused; how many were let in.
    template <class Make>
    std::size_t add_while_let_in(Make make) {
        for (std::size_t count = 0;; ++count)
            if (!add(make(count))) return count;
    }
};

TEST_F(FullPool, TheCheapestGoesFirstAndAnEqualRateDoesNotGetIn) {
    fill(10);
    EXPECT_EQ(pool_.size(now_).memory, kRoom * kMemory);
    EXPECT_EQ(refused(transfer(200, 0, 10)), Rule::pool_full);
    const auto result = add(transfer(200, 0, 11));
    ASSERT_TRUE(result);
    ASSERT_EQ(result->displaced.size(), 1u);
    EXPECT_EQ(pool_.size(now_).memory, kRoom * kMemory);
    const auto dropped = tables::dropped(rows_, result->displaced[0]);
    ASSERT_TRUE(dropped);
    EXPECT_EQ(dropped->transfer->sender(), keys_.address(kRoom));  // of equal rates the newest
}

TEST_F(FullPool, EvictionTakesTheEndOfAChainNotItsHead) {
    fill_exactly([&] {
        for (std::uint64_t nonce = 0; nonce < 3; ++nonce) added(1, nonce, 5);
        for (std::uint64_t key = 2; key <= kRoom - 2; ++key) added(key, 0, 50);
    });
    ASSERT_TRUE(add(transfer(2, 1, 60)));
    ASSERT_TRUE(add(transfer(3, 1, 60)));
    EXPECT_EQ(nonces(1), std::vector<std::uint64_t>{0});
    ASSERT_TRUE(add(transfer(4, 1, 60)));
    EXPECT_TRUE(nonces(1).empty());
}

TEST_F(FullPool, ALargeTransferPushesOutAsManyAsItNeedsTheWorstFirst) {
    // Uncovered by the end of a chain, what stands before it is weighed against the other ends.
    std::vector<Txid> chain;
    TransferPtr cheap;
    TransferPtr dearer;
    fill_exactly([&] {
        chain.clear();
        for (std::uint64_t nonce = 0; nonce < 3; ++nonce) chain.push_back(added(1, nonce, 5)->id());
        cheap = added(2, 0, 4);
        dearer = added(3, 0, 6);
        for (std::uint64_t key = 4; key <= kRoom - 2; ++key) added(key, 0, 50);
    });
    const auto large = transfer(200, 0, 100'000, 1, 800);
    const auto result = add(large);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(result->displaced, (std::vector{cheap->id(), chain[2], chain[1], chain[0]}));
    EXPECT_TRUE(pool_.find(dearer->id()));
}

TEST_F(FullPool, AChainDoesNotGoForWhatAnyOfItsEntriesIsWorthMoreThan) {
    // The end is worth less than the newcomer, the head behind it is not: one place is not enough.
    TransferPtr end;
    fill_exactly([&] {
        added(1, 0, 900);
        end = added(1, 1, 5);
        for (std::uint64_t key = 2; key <= kRoom - 1; ++key) added(key, 0, 900);
    });
    EXPECT_EQ(refused(transfer(200, 0, 1000, 1, kSize)), Rule::pool_full);
    EXPECT_TRUE(pool_.find(end->id()));
}

TEST_F(FullPool, ARichEndBehindAPoorHeadIsWorthNoMoreThanTheHead) {
    TransferPtr rich;
    fill_exactly([&] {
        added(1, 0, 0);
        rich = added(1, 1, 10'000);
        for (std::uint64_t key = 2; key <= kRoom - 1; ++key) added(key, 0, 50);
    });
    // Nor does another rich one behind it push anybody out.
    EXPECT_EQ(refused(transfer(1, 2, 20'000)), Rule::pool_full);
    const auto result = add(transfer(2, 1, 51));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->displaced, std::vector{rich->id()});
    EXPECT_LT(pool_.size(now_).fee_floor, 10u);  // and it does not lift the floor for the others
}

TEST_F(FullPool, NobodyIsEvictedForHisOwnTransfer) {
    fill_exactly([&] {
        for (std::uint64_t nonce = 0; nonce < kRoom; ++nonce) added(1, nonce, 1);
    });
    EXPECT_EQ(refused(transfer(1, kRoom, 1000)), Rule::pool_full);
}

TEST_F(FullPool, AReplacementInAFullPoolNeedsRoomForWhatItIsLargerOnly) {
    fill(10);
    const auto same = add(transfer(1, 0, 11));
    ASSERT_TRUE(same);
    EXPECT_EQ(same->displaced.size(), 1u);
    const auto larger = add(transfer(1, 0, 100'000, 1, 100));
    ASSERT_TRUE(larger);
    EXPECT_EQ(larger->displaced.size(), 2u);
    EXPECT_LE(pool_.size(now_).memory, kRoom * kMemory);
}

TEST_F(FullPool, FutureTransfersTakeATenthAtMostAndNeverPushOutExecutableOnes) {
    const std::size_t future =
        add_while_let_in([&](std::size_t i) { return transfer(1 + i, 1, 1000); });
    EXPECT_EQ(future, kRoom * kMemory / 10 / memory_of(*transfer(1, 1)));
    std::vector<TransferPtr> executable;
    add_while_let_in([&](std::size_t i) {
        executable.push_back(transfer(101 + i, 0, 0));
        return executable.back();
    });
    executable.pop_back();
    // The future ones went for the executable ones, and at no price does one come back for these.
    EXPECT_EQ(executable.size(), kRoom);
    EXPECT_EQ(refused(transfer(90, 1, 999'000)), Rule::pool_full);
    for (const auto& one : executable) EXPECT_TRUE(pool_.find(one->id()));
}

TEST_F(FullPool, EveryPlaceOfAFutureTransferHasAPriceWhileTheTenthIsFull) {
    const std::size_t future =
        add_while_let_in([&](std::size_t i) { return transfer(1 + i, 1, 10); });
    EXPECT_EQ(refused(transfer(100, 1, 10)), Rule::pool_full);
    for (std::size_t i = 0; i < future; ++i) {
        const auto result = add(transfer(100 + i, 1, 11));
        ASSERT_TRUE(result) << i;
        ASSERT_EQ(result->displaced.size(), 1u);
    }
    EXPECT_EQ(refused(transfer(200, 1, 11)), Rule::pool_full);
    EXPECT_EQ(pool_.size(now_).transfers, future);
    EXPECT_EQ(pool_.size(now_).fee_floor, 0u);
}

TEST_F(FullPool, AFutureTransferOutbidsNoExecutableOneBehindAFutureEnd) {
    // The cheapest end is a future one; behind it stands an executable one, which it does not take.
    added(1, 0, 1);
    added(1, 2, 1);
    add_while_let_in([&](std::size_t i) { return transfer(2 + i, 1, 1000); });
    EXPECT_EQ(nonces(1), std::vector<std::uint64_t>{0});
    EXPECT_EQ(refused(transfer(200, 1, 1000)), Rule::pool_full);
    EXPECT_EQ(nonces(1), std::vector<std::uint64_t>{0});
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
    EXPECT_EQ(pool_.size(after(now_, kHour - 1)).fee_floor, 1001u);
    EXPECT_EQ(pool_.size(after(now_, kHour)).fee_floor, 500u);
    EXPECT_EQ(pool_.size(after(now_, 12 * kHour - 1)).fee_floor, 0u);
    EXPECT_EQ(pool_.size(after(now_, 12 * kHour)).fee_floor, 0u);
    // The wall clock has no part in it.
    EXPECT_EQ(pool_.size({now_.steady, now_.wall - 500'000}).fee_floor, 1001u);
    EXPECT_EQ(pool_.size({now_.steady + 3'600'000, 0}).fee_floor, 500u);
}

TEST_F(FullPool, TheFloorFallsWithThePoolAndIsForgottenWhenHalfOfItIsFree) {
    give(7, 1'000'000, 0);
    fill(154);
    ASSERT_TRUE(add(transfer(200, 0, 308)));
    const auto mined = [&](std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t key = from; key <= to; ++key) {
            // Another transfer of the same nonce was mined: ours leaves.
            give(key, 1'000'000, 1);
            settle_sender(key);
        }
    };
    mined(1, 25);
    EXPECT_EQ(pool_.size(now_).fee_floor, 500u);  // three quarters full: half of it
    EXPECT_EQ(refused(transfer(240, 0, 76)), Rule::fee_floor);
    added(240, 0, 80);
    mined(26, 51);
    EXPECT_EQ(pool_.size(now_).fee_floor, 0u);
    // Nor does it come back with those that fill the pool again.
    for (std::uint64_t key = 241; key <= 290; ++key) added(key, 0, 0);
    EXPECT_EQ(pool_.size(now_).fee_floor, 0u);
}

TEST_F(FullPool, ATransferLargerThanThePoolIsRefused) {
    set_memory(3000);
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

// --- one sender

TEST_F(PoolTest, ASenderHasFiveThousandTransfersWaitingAndNoMore) {
    give(1, 1'000'000'000);
    PoolLimits limits;
    EXPECT_EQ(limits.executable_per_sender, 5000u);
    limits.executable_per_sender = 100;
    limit(limits);
    for (std::uint64_t nonce = 0; nonce < 99; ++nonce) added(1, nonce, 1);
    added(1, 99, 1);
    const auto result = add(transfer(1, 100, 1'000'000));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().rule, Rule::sender_full);
    EXPECT_EQ(result.error().to_string(),
              "sender_full: expected at most 100 transfers of a sender waiting, the last one with "
              "nonce 99; the next ones can be sent when a block holds the first, found nonce 100");
    EXPECT_EQ(refused(transfer(1, 110, 1)), Rule::sender_full);  // nor behind a gap
    added(1, 50, 2);                                             // a replacement is no other one
}

TEST_F(PoolTest, ReplacementsInALongQueueChangeItsWorthAsAWalkWould) {
    give(1, 1'000'000'000);
    std::mt19937_64 random{5};  // fixed seed
    PoolQueue queue{keys_.address(1), account(keys_.address(1))};
    std::map<std::uint64_t, TransferPtr> plain;
    std::uint64_t order = 1;
    for (int step = 0; step < 3000; ++step) {
        const std::uint64_t nonce = random() % 300;
        const bool taken = plain.contains(nonce);
        if (taken && random() % 3 == 0) {
            EXPECT_EQ(queue.take(nonce).transfer, plain[nonce]);
            plain.erase(nonce);
        } else {
            const auto fresh = transfer(1, nonce, random() % 1000, 1 + random() % 9, random() % 3);
            if (taken)
                EXPECT_EQ(queue.replace({order++, 0, fresh}).transfer, plain[nonce]);
            else
                queue.insert({order++, 0, fresh}, 0);
            plain[nonce] = fresh;
        }
        const std::uint64_t asked = random() % 320;
        FeeRate worth{1000, 1};
        FeeRate all{1000, 1};
        std::uint64_t cost = 0;
        std::uint64_t end = 0;
        for (const auto& [at, one] : plain) {
            if (at == end) ++end;
            all = std::min(all, rate_of(*one));
            if (at >= asked) continue;
            worth = std::min(worth, rate_of(*one));
            cost += one->cost();
        }
        ASSERT_EQ(queue.worth_behind(asked, FeeRate{1000, 1}), worth);
        ASSERT_EQ(queue.cost_below(asked), cost);
        ASSERT_EQ(queue.end(), end);
        if (!plain.empty()) {
            ASSERT_EQ(queue.worth(), all);
        }
        std::size_t future = 0;
        for (const auto& [at, one] : plain) future += at >= end ? memory_of(*one) : 0;
        ASSERT_EQ(queue.future_memory(), future);
        ASSERT_EQ(queue.future(), plain.size() - end);
    }
}

// --- time

TEST_F(PoolTest, FutureTransfersWaitThreeHours) {
    give(1, 100);
    const auto now_executable = added(1, 0);
    const auto future = added(1, 2);
    (void)pool_.expire(after(now_, 3 * kHour - 1), rows_);
    EXPECT_TRUE(pool_.find(future->id()));
    (void)pool_.expire(after(now_, 3 * kHour), rows_);
    EXPECT_FALSE(pool_.find(future->id()));
    EXPECT_TRUE(pool_.find(now_executable->id()));
    EXPECT_TRUE(tables::dropped(rows_, future->id()));
}

TEST_F(PoolTest, HowLongTransfersWaitedIsNotAskedOfTheWallClock) {
    give(1, 100);
    const auto future = added(1, 2);
    (void)pool_.expire({now_.steady + 1000, now_.wall + 10 * kHour}, rows_);
    EXPECT_TRUE(pool_.find(future->id()));
    (void)pool_.expire({now_.steady + 3 * 3'600'000, now_.wall - 500'000}, rows_);
    EXPECT_FALSE(pool_.find(future->id()));
}

TEST_F(PoolTest, AfterARestartWhatIsDatedInTheFutureCameJustNow) {
    give(1, 100);
    const auto future = added(1, 2);
    const auto store = stored();
    Staged rows{store.snapshot()};
    Pool other{pool_.limits()};
    const Now back{10, now_.wall - 500'000};
    EXPECT_EQ(other.load([&](const Address& who) { return account(who); }, back, rows), 0u);
    (void)other.expire(after(back, 3 * kHour - 1), rows);
    EXPECT_TRUE(other.find(future->id()));
    (void)other.expire(after(back, 3 * kHour), rows);
    EXPECT_FALSE(other.find(future->id()));
}

TEST_F(PoolTest, AfterARestartTheTimeBeforeItCounts) {
    give(1, 100);
    const auto future = added(1, 2);
    const auto store = stored();
    Staged rows{store.snapshot()};
    Pool other{pool_.limits()};
    const Now later{10, now_.wall + 2 * kHour};
    EXPECT_EQ(other.load([&](const Address& who) { return account(who); }, later, rows), 0u);
    (void)other.expire(after(later, kHour - 1), rows);
    EXPECT_TRUE(other.find(future->id()));
    (void)other.expire(after(later, kHour), rows);
    EXPECT_FALSE(other.find(future->id()));
}

TEST_F(PoolTest, AFilledGapEndsTheWait) {
    give(1, 100);
    const auto later = added(1, 1);
    now_ = after(now_, 2 * kHour);
    added(1, 0);
    (void)pool_.expire(after(now_, 2 * kHour), rows_);
    EXPECT_TRUE(pool_.find(later->id()));
}

TEST_F(PoolTest, ExpiryOfASendersOnlyTransferForgetsTheSender) {
    give(1, 100);
    added(1, 5);
    added(1, 7);
    (void)pool_.expire(after(now_, 3 * kHour), rows_);
    EXPECT_EQ(pool_.size(now_), (PoolSize{0, 0, 0, 0}));
}

TEST_F(PoolTest, ManyThatWaitedTooLongGoInSlices) {
    for (std::uint64_t key = 1; key <= 40; ++key) {
        give(key, 1000);
        for (std::uint64_t nonce = 1; nonce <= 40; ++nonce) added(key, nonce);
    }
    const Now later = after(now_, 3 * kHour);
    EXPECT_TRUE(pool_.expire(later, rows_));
    EXPECT_GT(pool_.size(now_).transfers, 0u);
    EXPECT_LE(1600 - pool_.size(now_).transfers, Pool::kSlice / 15 + 1);
    while (pool_.expire(later, rows_)) {
    }
    EXPECT_EQ(pool_.size(now_).transfers, 0u);
}

// --- Idempotency-Keys

class KeysTest : public PoolTest {
protected:
    static Hash256 key(std::uint64_t number) {
        Hash256 made = sha256(as_bytes("key"));
        for (std::size_t i = 0; i < 8; ++i)
            made.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
        return made;
    }
    bool knows(std::uint64_t number, UnixSeconds now) {
        return tables::idempotency(rows_, key(number), now).has_value();
    }
    std::size_t rows_of_keys() {
        std::size_t count = 0;
        tables::each_used_key(rows_, [&](const tables::UsedKey&) { ++count; });
        return count;
    }
    const Txid id_ = txid_of(as_bytes("id"));
    IdempotencyKeys memory_;
};

TEST_F(KeysTest, AreRememberedForADay) {
    memory_.put(key(1), id_, kStart, rows_);
    EXPECT_EQ(tables::idempotency(rows_, key(1), kStart + kIdempotencySeconds - 1), id_);
    EXPECT_FALSE(knows(1, kStart + kIdempotencySeconds));
    EXPECT_FALSE(knows(2, kStart));
    EXPECT_FALSE(memory_.expire(kStart + kIdempotencySeconds - 1, rows_));
    EXPECT_TRUE(knows(1, kStart));
    EXPECT_FALSE(memory_.expire(kStart + kIdempotencySeconds, rows_));
    EXPECT_FALSE(knows(1, kStart));
    EXPECT_EQ(memory_.size(), 0u);
    EXPECT_FALSE(memory_.expire(100, rows_));  // a clock before the first day
}

TEST_F(KeysTest, OneUsedAnewLivesADayFromThen) {
    memory_.put(key(1), Txid{}, kStart, rows_);
    memory_.put(key(1), id_, kStart + kIdempotencySeconds, rows_);
    EXPECT_EQ(memory_.size(), 1u);
    (void)memory_.expire(kStart + kIdempotencySeconds, rows_);
    EXPECT_EQ(tables::idempotency(rows_, key(1), kStart + kIdempotencySeconds + 1), id_);
}

TEST_F(KeysTest, ExpireAsFastAsTheyCome) {
    const std::size_t many = 5 * IdempotencyKeys::kSlice;
    for (std::uint64_t i = 0; i < many; ++i) memory_.put(key(i), id_, kStart, rows_);
    std::size_t calls = 1;
    while (memory_.expire(kStart + kIdempotencySeconds, rows_)) ++calls;
    EXPECT_EQ(rows_of_keys(), 0u);
    EXPECT_EQ(calls, 6u);
}

TEST_F(KeysTest, AreBoundedInNumberTheOldestGoFirst) {
    memory_ = IdempotencyKeys{100};
    for (std::uint64_t i = 0; i < 1000; ++i)
        memory_.put(key(i), id_, kStart + static_cast<UnixSeconds>(i), rows_);
    EXPECT_EQ(rows_of_keys(), 100u);
    EXPECT_EQ(memory_.size(), 100u);
    EXPECT_FALSE(knows(899, kStart + 1000));
    EXPECT_TRUE(knows(900, kStart + 1000));
    // More than that in the store come down to it.
    const auto store = stored();
    Staged rows{store.snapshot()};
    IdempotencyKeys fewer{50};
    fewer.load(rows);
    EXPECT_EQ(fewer.size(), 100u);
    for (std::uint64_t i = 0; i < 60; ++i) fewer.put(key(2000 + i), id_, kStart + 2000, rows);
    EXPECT_EQ(fewer.size(), 50u);
    EXPECT_TRUE(tables::idempotency(rows, key(2059), kStart + 2000));
}

TEST_F(KeysTest, DatedInTheFutureCountFromNowOn) {
    memory_.put(key(1), id_, kStart, rows_);
    const UnixSeconds back = kStart - 500'000;
    EXPECT_TRUE(knows(1, back));
    EXPECT_FALSE(memory_.expire(back, rows_));
    EXPECT_TRUE(knows(1, back + kIdempotencySeconds - 1));
    EXPECT_FALSE(knows(1, back + kIdempotencySeconds));
    (void)memory_.expire(back + kIdempotencySeconds, rows_);
    EXPECT_EQ(rows_of_keys(), 0u);
    EXPECT_EQ(memory_.size(), 0u);
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
    limits.bytes = 2 * Pool::memory_for(*transfer(1, 0)) - 1;
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
    EXPECT_EQ(tables::dropped_ids(rows_, SIZE_MAX).size(), kDroppedMax);
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
        const auto it = CheckedTransfer::from_store(transfer(1, 1, 0)->bytes());
        ASSERT_TRUE(add(it)) << i;
        (void)pool_.expire(after(now_, 3 * kHour), rows_);
    }
    EXPECT_TRUE(tables::dropped(rows_, first->id()));
    EXPECT_EQ(tables::dropped_ids(rows_, SIZE_MAX).size(), 2u);
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

/// What `cairn verify` asks of each row.
bool sound_rows(const Staged& rows) {
    bool sound = true;
    testing::for_each_row(rows, Table::pool, [&](const Row& row) {
        sound = sound && tables::is_sound_memory(rows, row);
    });
    return sound;
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
    Account account(const Address& who) {
        asked_.insert(who);
        return tables::account(*machine_.rows, who).value_or(Account{});
    }
    TipChange connect(const BlockPtr& block) { return machine_.add(block); }
    Pool::Settled settle(const TipChange& change) {
        const auto settled = pool_.settle(
            TipChange{change},
            [&](const BlockHash& hash) { return machine_.ledger->block(*machine_.rows, hash); },
            [&](const Address& who) { return account(who); }, kNow, *machine_.rows);
        write();
        return settled;
    }
    Pool::Settled go_on() {
        auto settled = pool_.go_on(
            [&](const BlockHash& hash) { return machine_.ledger->block(*machine_.rows, hash); },
            [&](const Address& who) { return account(who); }, kNow, *machine_.rows);
        write();
        return settled;
    }
    void write() {
        pool_.stage_sums(*machine_.rows);
        machine_.write();
    }
    /// The rule by which it is refused.
    std::optional<Rule> add(const TransferPtr& made) {
        const auto result = pool_.add(made, account(made->sender()), kNow, *machine_.rows);
        write();
        return result ? std::nullopt : std::optional{result.error().rule};
    }
    TransferPtr transfer(std::uint64_t key, std::uint64_t nonce, std::uint64_t amount = 1,
                         std::uint64_t fee = 0) {
        return chain_.keys().transfer(*chain_.params(), key, nonce, nobody(7), amount, fee);
    }
    TransferPtr added(std::uint64_t key, std::uint64_t nonce, std::uint64_t amount = 1,
                      std::uint64_t fee = 0) {
        auto made = transfer(key, nonce, amount, fee);
        const auto result = pool_.add(made, account(made->sender()), kNow, *machine_.rows);
        EXPECT_TRUE(result) << result.error().to_string();
        write();
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
    std::set<Address> asked_;  // for their accounts
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
    EXPECT_EQ(pool_.size(kNow).bytes, 2 * kSize);
}

TEST_F(SettleTest, WhatABlockConfirmsOfOneSenderLeavesInSlices) {
    constexpr std::uint64_t kMany = 2'000;
    std::vector<TransferPtr> taken;
    for (std::uint64_t nonce = 0; nonce < kMany; ++nonce) taken.push_back(added(1, nonce));
    const auto next = added(1, kMany);
    const std::size_t most = Pool::kSlice / 15 + 2;
    auto settled = settle(connect(chain_.extend(base_, holding(taken))));
    std::vector<Txid> confirmed = settled.confirmed;
    EXPECT_LE(confirmed.size(), most);
    ASSERT_TRUE(pool_.has_more());
    while (pool_.has_more()) {
        EXPECT_TRUE(pool_.best(SIZE_MAX).empty());
        settled = go_on();
        EXPECT_LE(settled.confirmed.size(), most);
        confirmed.insert(confirmed.end(), settled.confirmed.begin(), settled.confirmed.end());
    }
    EXPECT_EQ(confirmed, ids(taken));
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({next}));
    EXPECT_EQ(pool_.find(next->id()), next);
    EXPECT_TRUE(sound_rows(*machine_.rows));
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
    EXPECT_EQ(pool_.size(kNow).transfers, 0u);
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
    EXPECT_EQ(pool_.size(kNow).transfers, 64u);
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
    limits.bytes = 10 * 10 * memory_of(*transfer(1, 0));
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
        [&](const Address& who) { return account(who); }, kNow, *machine_.rows);
    EXPECT_TRUE(settled.confirmed.empty());
    EXPECT_TRUE(settled.returned.empty());
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({a}));
}

// --- the cost of following the chain

TEST_F(SettleTest, ASwitchOfBranchesAsksForTheAccountsThatItTouchedAndForNoOther) {
    for (std::uint64_t key = 1; key <= 4; ++key)
        for (std::uint64_t nonce = 0; nonce < 20; ++nonce) added(key, nonce);
    const auto gift = chain_.keys().transfer(*chain_.params(), 9, 0, chain_.keys().address(2), 5);
    testing::BlockWish paid;
    paid.to = chain_.keys().address(9);
    const auto first = chain_.extend(base_, paid);
    settle(connect(first));
    settle(connect(chain_.extend(first->header.hash, holding({gift}))));
    asked_.clear();
    settle(machine_.add(chain_.grow(base_, 3)));
    EXPECT_TRUE(asked_.contains(chain_.keys().address(2)));
    EXPECT_FALSE(asked_.contains(chain_.keys().address(1)));
    EXPECT_FALSE(asked_.contains(chain_.keys().address(3)));
}

TEST_F(SettleTest, ABalanceThatSankIsFoundAtWhoeverWasPaidInTheAbandonedBlock) {
    // Number 9 lives of a payment, number 8 of a reward, both in the block that goes.
    testing::BlockWish wish =
        holding({chain_.keys().transfer(*chain_.params(), 1, 0, chain_.keys().address(9), 500)});
    wish.to = chain_.keys().address(8);
    settle(connect(chain_.extend(base_, wish)));
    const auto of_payment = added(9, 0, 100);
    const auto of_reward = added(8, 0, 100);
    const auto settled = settle(machine_.add(chain_.grow(base_, 2)));
    EXPECT_EQ(settled.dropped.size(), 2u);
    EXPECT_FALSE(pool_.find(of_payment->id()));
    EXPECT_FALSE(pool_.find(of_reward->id()));
}

TEST_F(SettleTest, WhatABlockMakesImpossibleGoesInSlicesAndIsOfferedToNoBlockMeanwhile) {
    constexpr std::uint64_t kMany = 2'000;
    for (std::uint64_t nonce = 1; nonce <= kMany; ++nonce) {
        if (nonce == 1) added(1, 0);
        added(1, nonce);
    }
    const auto other = added(2, 0);
    const auto rival = transfer(1, 0, kCoins50 - 10);
    auto settled = settle(connect(chain_.extend(base_, holding({rival}))));
    EXPECT_TRUE(pool_.has_more());
    EXPECT_LE(settled.dropped.size(), Pool::kSlice / 15 + 2);
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({other}));
    EXPECT_EQ(add(transfer(1, 1, 1, 5)), Rule::pool_balance);
    std::size_t dropped = settled.dropped.size();
    while (pool_.has_more()) {
        settled = go_on();
        EXPECT_LE(settled.dropped.size(), Pool::kSlice / 15 + 2);
        dropped += settled.dropped.size();
    }
    EXPECT_EQ(dropped, 1 + kMany - 10);
    EXPECT_EQ(pool_.best(SIZE_MAX).size(), 11u);
    EXPECT_TRUE(sound_rows(*machine_.rows));
}

TEST_F(SettleTest, WhatReturnsFromALargeBlockReturnsInSlicesAndACrashBetweenLosesNone) {
    constexpr std::uint64_t kMany = 1'500;
    std::vector<TransferPtr> all;
    for (std::uint64_t nonce = 0; nonce < kMany; ++nonce) all.push_back(transfer(1, nonce));
    settle(connect(chain_.extend(base_, holding(all))));
    const BlockHash old_tip = machine_.tip().hash;
    (void)settle(machine_.add(chain_.grow(base_, 2)));
    EXPECT_TRUE(pool_.is_following());
    EXPECT_TRUE(pool_.best(SIZE_MAX).empty());
    EXPECT_EQ(tables::followed(*machine_.rows), old_tip);
    EXPECT_TRUE(sound_rows(*machine_.rows));

    // The process ends here, and another opens the store.
    pool_ = Pool{PoolLimits{}};
    const auto reader = [&](const Address& who) { return account(who); };
    EXPECT_EQ(pool_.load(reader, kNow, *machine_.rows), 0u);
    auto change = path(*machine_.rows, *tables::followed(*machine_.rows), machine_.tip().hash);
    ASSERT_TRUE(change);
    (void)settle(*change);
    while (pool_.has_more()) (void)go_on();
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids(all));
    EXPECT_FALSE(tables::followed(*machine_.rows));
    EXPECT_TRUE(sound_rows(*machine_.rows));
}

TEST_F(SettleTest, MoreThanASenderMayAddReturnsFromAbandonedBlocks) {
    PoolLimits limits;
    limits.executable_per_sender = 5;
    pool_ = Pool{limits};
    std::vector<TransferPtr> all;
    for (std::uint64_t nonce = 0; nonce < 8; ++nonce) all.push_back(transfer(1, nonce));
    settle(connect(chain_.extend(base_, holding(all))));
    for (std::uint64_t nonce = 8; nonce < 13; ++nonce) all.push_back(added(1, nonce));
    EXPECT_EQ(add(transfer(1, 13)), Rule::sender_full);
    settle(machine_.add(chain_.grow(base_, 2)));
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids(all));
    EXPECT_EQ(add(transfer(1, 13)), Rule::sender_full);
    EXPECT_EQ(add(transfer(1, 12, 1, 5)), std::nullopt);  // a replacement
}

TEST_F(SettleTest, WhatCannotBeConnectedGoesWithWhatFollowsItAndTheReason) {
    const auto kept = added(1, 0);
    const auto bad = added(1, 1);
    const auto behind = added(1, 2);
    const auto other = added(2, 0);
    pool_.drop_from(*bad, "because");
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({other}));
    EXPECT_TRUE(pool_.has_more());
    const auto settled = go_on();
    ASSERT_EQ(settled.dropped.size(), 2u);
    EXPECT_EQ(settled.dropped[0].transfer, behind);
    EXPECT_EQ(settled.dropped[1].transfer, bad);
    EXPECT_EQ(tables::dropped(*machine_.rows, bad->id())->reason, "because");
    EXPECT_EQ(ids(pool_.best(SIZE_MAX)), ids({kept, other}));
    EXPECT_FALSE(pool_.has_more());
}

TEST_F(SettleTest, AStoreWithMoreThanTheLimitIsBroughtDownToItInSlices) {
    for (std::uint64_t key = 1; key <= 4; ++key)
        for (std::uint64_t nonce = 0; nonce < 300; ++nonce) added(key, nonce, 1, key == 1 ? 9 : 1);
    PoolLimits limits;
    limits.bytes = pool_.size(kNow).memory / 4;
    pool_ = Pool{limits};
    const auto reader = [&](const Address& who) { return account(who); };
    EXPECT_EQ(pool_.load(reader, kNow, *machine_.rows), 0u);
    EXPECT_TRUE(pool_.has_more());
    EXPECT_EQ(add(transfer(1, 300, 1, 500)), Rule::pool_full);
    for (int calls = 0; pool_.has_more(); ++calls) {
        (void)go_on();
        ASSERT_LT(calls, 10);
    }
    EXPECT_LE(pool_.size(kNow).memory, limits.bytes);
    EXPECT_GT(pool_.size(kNow).memory, limits.bytes - 2000);
    for (const auto& one : pool_.best(SIZE_MAX)) EXPECT_EQ(one->fee(), 9u);
}

TEST_F(SettleTest, AStoreWithoutSumsOrWithWrongOnesGetsTheRightOnes) {
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce) added(1, nonce);
    added(2, 0);
    const Address one = chain_.keys().address(1);
    const Address two = chain_.keys().address(2);
    tables::put_waiting(*machine_.rows, one, std::nullopt);
    tables::put_waiting(*machine_.rows, two, Waiting{7, 9});
    tables::put_waiting(*machine_.rows, nobody(5), Waiting{1, 1});
    tables::put_arrivals(*machine_.rows, 0, 77);
    tables::put_arrivals(*machine_.rows, 3, 1);
    machine_.write();
    Pool pool{PoolLimits{}};
    const auto reader = [&](const Address& who) { return account(who); };
    EXPECT_EQ(pool.load(reader, kNow, *machine_.rows), 0u);
    pool.stage_sums(*machine_.rows);
    EXPECT_EQ(tables::waiting(*machine_.rows, one), (Waiting{3, 3}));
    EXPECT_EQ(tables::waiting(*machine_.rows, two), (Waiting{1, 1}));
    EXPECT_EQ(tables::waiting(*machine_.rows, nobody(5)), std::nullopt);
    EXPECT_TRUE(tables::pending_at(*machine_.rows, 3));
    EXPECT_FALSE(tables::pending_at(*machine_.rows, 4));
    EXPECT_TRUE(sound_rows(*machine_.rows));
    // And where they are right nothing is written.
    machine_.write();
    Pool again{PoolLimits{}};
    (void)again.load(reader, kNow, *machine_.rows);
    again.stage_sums(*machine_.rows);
    EXPECT_TRUE(machine_.rows->empty());
}

TEST_F(SettleTest, TheNthOfThePoolIsFoundPastGapsOfManyOrders) {
    std::vector<TransferPtr> kept;
    for (std::uint64_t round = 0; round < 4; ++round) {
        kept.push_back(added(1, round));
        // One comes and goes: it uses up an order each time.
        const auto passing = transfer(2, 5);
        for (int i = 0; i < 700; ++i) {
            ASSERT_TRUE(pool_.add(passing, account(passing->sender()), kNow, *machine_.rows));
            (void)pool_.expire(after(kNow, 3 * kHour), *machine_.rows);
        }
    }
    pool_.stage_sums(*machine_.rows);
    const auto page = tables::pending_from(*machine_.rows, 0, Bounds{SIZE_MAX, SIZE_MAX});
    ASSERT_EQ(page.entries.size(), 4u);
    EXPECT_GT(page.entries.back().order, 2000u);
    for (std::size_t i = 0; i < 4; ++i)
        EXPECT_EQ(tables::pending_at(*machine_.rows, i), page.entries[i].order);
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
        limits.bytes = 40'000;
        limits.future_per_sender = 6;
        Pool pool{limits};
        Now now = kNow;
        std::vector<BlockHash> tips{chain.genesis()};
        const auto account = [&](const Address& who) {
            return tables::account(*machine.rows, who).value_or(Account{300, 0});
        };
        const auto blocks = [&](const BlockHash& hash) {
            return machine.ledger->block(*machine.rows, hash);
        };
        const auto connect = [&](const BlockPtr& block) {
            const auto change = machine.add(block);
            (void)pool.settle(change, blocks, account, now, *machine.rows);
            ASSERT_FALSE(pool.has_more());
            pool.stage_sums(*machine.rows);
            machine.write();
        };
        for (int step = 0; step < 400; ++step) {
            const auto what = random() % 12;
            if (what == 0) {
                now = after(now, static_cast<UnixSeconds>(random() % 4000));
                (void)pool.expire(now, *machine.rows);
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
                pool.stage_sums(*machine.rows);
                machine.write();
            }
            pool.stage_sums(*machine.rows);
            ASSERT_LE(pool.size(now).memory, limits.bytes);
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
                        future += memory_of(*one);
                    }
                }
                ASSERT_LE(cost, account(who).balance);
                ASSERT_LE(waiting, limits.future_per_sender);
                ASSERT_EQ(pool.next_nonce(who, account(who).nonce), next);
                ASSERT_EQ(tables::waiting(*machine.rows, who), (Waiting{list.size(), next}));
            }
            std::size_t told = 0;
            tables::each_waiting(*machine.rows, [&](const Address&, const Waiting& waiting) {
                told += waiting.count;
            });
            ASSERT_EQ(told, count);
            for (std::size_t i = 0; i < page.entries.size(); ++i)
                ASSERT_EQ(tables::pending_at(*machine.rows, i), page.entries[i].order);
            ASSERT_EQ(tables::pending_at(*machine.rows, page.entries.size()), std::nullopt);
            ASSERT_EQ(sound_rows(*machine.rows), true);
            ASSERT_LE(future, limits.bytes / 10);
            ASSERT_EQ(pool.best(SIZE_MAX).size(), executable);
        }
    }
}

}  // namespace
}  // namespace cairn
