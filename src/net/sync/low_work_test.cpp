#include "net/sync/low_work.hpp"

#include <cstdlib>

#include "net/testing/headers.hpp"
#include "net/testing/party.hpp"

namespace cairn::net {
namespace {

using testing::ChainBuilder;
using testing::claim_work;
using testing::HeaderMiner;
using testing::Party;
using testing::slice;
using Next = LowWork::Next;

constexpr PeerId kMallory = 1, kAlice = 2;
constexpr std::size_t kFull = limits::kHeaders;

/// Of `count` blocks of the easiest bits and genesis.
ChainWork work_after(std::size_t count, const ChainParams& params) {
    return *checked_multiply(work_of(params.limit()), count + 1);
}

class LowWorkBranch : public ::testing::Test {
protected:
    LowWork branch(std::size_t cap = limits::kLowWorkHeaders) {
        const auto record = node.machine.ledger->header(*node.machine.rows, chain.genesis());
        return LowWork{BranchEnd{chain.genesis(), *record, node.chain()}, cap};
    }
    Next take(LowWork& low, std::vector<HashedHeader> headers, std::size_t tip_blocks) {
        const auto next = low.take(Headers{std::move(headers)},
                                   work_after(tip_blocks, *chain.params()), *chain.params());
        EXPECT_TRUE(next) << next.error().to_string();
        return next.value_or(Next::too_long);
    }

    ChainBuilder chain;
    Party node{chain.params()};
    std::vector<HashedHeader> all =
        HeaderMiner{chain.genesis(), 1'000'000}.next(2 * limits::kHeaders + 10);
};

TEST_F(LowWorkBranch, IsForgottenWhenItEndsWithoutMoreWork) {
    auto low = branch();
    EXPECT_EQ(take(low, slice(all, 0, kFull - 1), kFull - 1), Next::forget);
}

TEST_F(LowWorkBranch, IsToldAgainOnceItHasMore) {
    auto low = branch();
    EXPECT_EQ(take(low, slice(all, 0, kFull - 1), kFull - 2), Next::ask);
    EXPECT_EQ(low.position(), chain.genesis());
    EXPECT_EQ(take(low, slice(all, 0, kFull - 1), kFull - 2), Next::offer);
    EXPECT_TRUE(low.finished());
}

TEST_F(LowWorkBranch, GoesOnAfterEachFullMessageAndIsOfferedMessageByMessage) {
    auto low = branch();
    const std::size_t tip = 2 * kFull + 5;
    EXPECT_EQ(take(low, slice(all, 0), tip), Next::ask);
    EXPECT_EQ(low.position(), all[kFull - 1].hash);
    EXPECT_EQ(take(low, slice(all, kFull), tip), Next::ask);
    EXPECT_EQ(take(low, slice(all, 2 * kFull), tip), Next::ask);
    EXPECT_EQ(low.position(), chain.genesis());
    EXPECT_EQ(take(low, slice(all, 0), tip), Next::offer);
    EXPECT_EQ(low.position(), all[kFull - 1].hash);
    EXPECT_EQ(take(low, slice(all, kFull), tip), Next::offer);
    EXPECT_FALSE(low.finished());
    EXPECT_EQ(low.position(), all[2 * kFull - 1].hash);
    EXPECT_EQ(take(low, slice(all, 2 * kFull), tip), Next::offer);
    EXPECT_TRUE(low.finished());
}

TEST_F(LowWorkBranch, MayHaveGrownAtItsEndMeanwhile) {
    auto low = branch();
    EXPECT_EQ(take(low, slice(all, 0, 10), 5), Next::ask);
    EXPECT_EQ(take(low, slice(all, 0, 12), 5), Next::offer);
}

TEST_F(LowWorkBranch, ThatIsAnotherTheSecondTimeIsNotOffered) {
    const auto other = HeaderMiner{chain.genesis(), 2'000'000}.next(kFull);
    const std::size_t tip = kFull + 5;
    for (const auto& second : {other, slice(all, 0, kFull - 1),
                               std::vector<HashedHeader>(all.begin(), all.begin() + 1)}) {
        auto low = branch();
        EXPECT_EQ(take(low, slice(all, 0), tip), Next::ask);
        EXPECT_EQ(take(low, slice(all, kFull, 9), tip), Next::ask);
        EXPECT_EQ(take(low, second, tip), Next::changed);
    }
    auto low = branch();
    EXPECT_EQ(take(low, slice(all, 0, 10), 5), Next::ask);
    EXPECT_EQ(take(low, slice(all, 0, 9), 5), Next::changed);
}

TEST_F(LowWorkBranch, MayBeAsLongAsItsCapAndNoLonger) {
    auto within = branch(kFull + 1);
    EXPECT_EQ(take(within, slice(all, 0), SIZE_MAX >> 40), Next::ask);
    EXPECT_EQ(take(within, slice(all, kFull, 1), SIZE_MAX >> 40), Next::forget);
    auto beyond = branch(kFull + 1);
    EXPECT_EQ(take(beyond, slice(all, 0), SIZE_MAX >> 40), Next::ask);
    EXPECT_EQ(take(beyond, slice(all, kFull, 2), SIZE_MAX >> 40), Next::too_long);
}

TEST_F(LowWorkBranch, IsHeldToEveryRuleOfHeaders) {
    const auto refused = [&](HashedHeader header) {
        auto low = branch();
        auto told = slice(all, 0, 20);
        header.header.previous_hash = told.back().hash;
        told.push_back(header);
        const auto next =
            low.take(Headers{told}, work_after(100, *chain.params()), *chain.params());
        return next ? "nothing" : std::string{rule_name(next.error().rule)};
    };
    const UnixSeconds median = all[14].header.time;  // of the last eleven
    EXPECT_EQ(refused(HeaderMiner{all[19].hash, median - 15}.next()), "nothing");
    EXPECT_EQ(refused(HeaderMiner{all[19].hash, median - 16}.next()), "time_after_median");
    EXPECT_EQ(refused(HeaderMiner{all[19].hash, median, CompactBits{0x207ffffe}}.next()),
              "bits_required");
    HashedHeader idle = HeaderMiner{all[19].hash, median}.next();
    while (check_work(idle)) {
        ++idle.header.nonce;
        idle = hashed(idle.header);
    }
    EXPECT_EQ(refused(idle), "proof_of_work");
}

TEST(BranchEnd, DemandsWhatTheLedgerDemandsHeaderByHeader) {
    for (const auto& spec : {cairn::testing::easy_spec(), testing::adjusted_spec()}) {
        ChainBuilder chain{spec};
        Party node{chain.params()};
        const auto genesis = node.machine.ledger->header(*node.machine.rows, chain.genesis());
        BranchEnd end{chain.genesis(), *genesis, node.chain()};
        BlockHash parent = chain.genesis();
        for (UnixSeconds i = 0; i < 60; ++i) {
            // Fast, slow and backwards, so that bits and median move.
            ChainBuilder::Wish wish;
            wish.time = 1'000'020 + i * 7 + (i % 5) * 3;
            const auto block = chain.extend(parent, wish);
            parent = block->header.hash;
            const auto stepped = end.step(block->header, *chain.params());
            ASSERT_TRUE(stepped) << stepped.error().to_string();
            node.machine.add(block);
            EXPECT_EQ(end.work(), node.machine.tip().work);
            EXPECT_EQ(end.height(), node.machine.tip().height);
        }
    }
}

TEST(SyncLowWork, OfAnHonestPeerIsFetchedTwiceAndTaken) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.mine(chain.extend(chain.genesis()));
    claim_work(node.machine, work_after(2 * kFull + 100, *chain.params()));
    const auto all = HeaderMiner{chain.genesis(), 1'000'000}.next(2 * kFull + 300);
    node.open(kAlice);
    std::size_t questions = 0;
    // As a peer answers: what follows the newest entry that it knows.
    const auto answer = [&] {
        for (const auto& question : node.sent<GetHeaders>(kAlice)) {
            ++questions;
            std::size_t from = 0;
            for (const auto& hash : question.locator) {
                const auto known = std::find_if(all.begin(), all.end(), [&](const auto& header) {
                    return header.hash == hash;
                });
                if (known == all.end()) continue;
                from = static_cast<std::size_t>(known - all.begin()) + 1;
                break;
            }
            if (questions <= 3) {
                EXPECT_EQ(node.headers_taken, 0U);
                EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::headers);
            }
            node.headers(kAlice, slice(all, from));
            return true;
        }
        return false;
    };
    while (answer()) {
    }
    EXPECT_EQ(questions, 6U);
    EXPECT_EQ(node.headers_taken, all.size());
    EXPECT_EQ(node.sync.best_of(kAlice)->first, all.back().hash);
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::blocks);
}

TEST(SyncLowWork, AnAnnouncementMeanwhileDoesNotDisturbIt) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.mine(chain.extend(chain.genesis()));
    claim_work(node.machine, work_after(kFull + 100, *chain.params()));
    const auto all = HeaderMiner{chain.genesis(), 1'000'000}.next(kFull + 200);
    const auto news = chain.extend(chain.genesis());
    node.open(kAlice);
    for (int time = 0; time < 2; ++time)
        for (const std::size_t from : {std::size_t{0}, kFull}) {
            node.headers(kAlice, std::vector{all.back()});
            node.headers(kAlice, slice(all, from));
        }
    EXPECT_EQ(node.closed(kAlice), "");
    EXPECT_EQ(node.headers_taken, all.size());
}

/// Row 13 of the scenarios. CAIRN_LOW_WORK_HEADERS=10000000 runs it whole.
TEST(SyncLowWork, HeadersByTheMillionTakeNoMemoryAndNoDiskAndEndAtTheCap) {
    const char* wish = std::getenv("CAIRN_LOW_WORK_HEADERS");
    const std::size_t count = wish != nullptr ? std::stoull(wish) : 200'000;
    ChainBuilder chain{testing::adjusted_spec()};
    Party node{chain.params()};
    node.mine(chain.extend(chain.genesis()));
    claim_work(node.machine, U256{1} << 60);
    const auto store_before = node.machine.store.copy();
    node.open(kMallory);
    HeaderMiner miner{chain.genesis(), 1'000'000, CompactBits{0x207fffff}, 16};
    std::size_t most = 0;
    for (std::size_t told = 0; told < count; told += kFull) {
        ASSERT_EQ(node.sent<GetHeaders>(kMallory).size(), 1U);
        node.headers(kMallory, miner.next(kFull));
        most = std::max(most, node.sync.bytes_of(kMallory));
    }
    EXPECT_EQ(node.closed(kMallory), "");
    EXPECT_LE(most, 4'096 + 2 * 32 * (count / kFull) + 32 * limits::kLocator);
    EXPECT_LE(most, 2U * 1024 * 1024);
    if (count >= limits::kLowWorkHeaders) {
        node.headers(kMallory, miner.next(1));
        EXPECT_NE(node.closed(kMallory).find("without showing more work"), std::string::npos);
    }
    EXPECT_EQ(node.headers_taken, 0U);
    EXPECT_TRUE(node.machine.rows->empty());
    EXPECT_EQ(node.machine.store, store_before);
    RecordProperty("bytes", static_cast<int>(most));
    std::printf("%zu headers of little work: %zu bytes kept\n", count, most);
}

}  // namespace
}  // namespace cairn::net
