#include "net/sync/header_fetch.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ledger/testing/machine.hpp"
#include "net/sync/bodies.hpp"
#include "net/sync/header_room.hpp"
#include "net/testing/headers.hpp"

namespace cairn::net {
namespace {

using cairn::testing::ChainBuilder;
using cairn::testing::Machine;
using testing::HeaderMiner;

class HeaderFetchTest : public ::testing::Test {
protected:
    HeaderFetch::Env env(std::size_t missing, const BranchTip* best = nullptr) {
        return {{*machine.ledger, pool, *machine.rows}, now, best, missing, room, out};
    }
    /// Offers that wait are taken by our ledger; how many headers.
    std::size_t take_offers(HeaderFetch& fetch, std::size_t missing) {
        std::size_t taken = 0;
        for (auto& action : std::exchange(out, {})) {
            const auto* offer = std::get_if<Offer>(&action);
            if (offer == nullptr) continue;
            for (const auto& header : offer->headers)
                EXPECT_TRUE(machine.ledger->add_header(header, now.wall, *machine.rows));
            taken += offer->headers.size();
            EXPECT_TRUE(fetch.on_offered({}, env(missing)));
        }
        return taken;
    }

    /// Whether anything was asked since the actions were last taken.
    [[nodiscard]] bool has_asked() const {
        return std::any_of(out.begin(), out.end(), [](const Action& action) {
            return std::holds_alternative<Send>(action);
        });
    }

    ChainBuilder chain;
    Machine machine{chain.params()};
    Pool pool{PoolLimits{}};
    SyncPeers peers;
    Bodies bodies{peers};
    HeaderRoom room{bodies, peers, 5'000};
    Now now{1'000, Machine::kNow};
    Actions out;
};

/// Headers are not fetched to the end of a long chain while its blocks are far behind.
TEST_F(HeaderFetchTest, WaitsForTheBlocksOfWhatItWasTold) {
    HeaderFetch fetch{1};
    fetch.begin(env(0));
    HeaderMiner miner{chain.genesis(), 1'000'000};
    constexpr std::size_t kFar = limits::kHeadersAhead + 1;
    ASSERT_TRUE(fetch.on_headers({miner.next(limits::kHeaders)}, env(kFar)));
    EXPECT_EQ(take_offers(fetch, kFar), limits::kHeaders);
    EXPECT_FALSE(has_asked());
    EXPECT_FALSE(fetch.idle());  // there is more
    ASSERT_TRUE(fetch.on_tick(env(limits::kHeadersAhead / 2)));
    EXPECT_FALSE(has_asked());
    ASSERT_TRUE(fetch.on_tick(env(limits::kHeadersAhead / 2 - 1)));
    EXPECT_TRUE(has_asked());
}

TEST_F(HeaderFetchTest, WhatFindsNoRoomIsAskedForAgain) {
    HeaderFetch fetch{1};
    HeaderMiner miner{chain.genesis(), 1'000'000};
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(fetch.on_headers({miner.next(limits::kHeaders)}, env(0)));
        EXPECT_EQ(take_offers(fetch, 0), limits::kHeaders);
    }
    // 5,000 is all there may be, and what stands there is the branch itself.
    ASSERT_TRUE(fetch.on_headers({miner.next(limits::kHeaders)}, env(0)));
    EXPECT_EQ(take_offers(fetch, 0), 0u);
    fetch.stop();
    HeaderFetch other{2};
    ASSERT_TRUE(other.on_headers({HeaderMiner{chain.genesis(), 1'500'000}.next(5)}, env(0)));
    EXPECT_EQ(take_offers(other, 0), 5u);
}

TEST_F(HeaderFetchTest, ABranchThatIsTooLongWithoutItsBlocksEndsTheConnection) {
    HeaderFetch fetch{1};
    HeaderMiner miner{chain.genesis(), 1'000'000};
    const auto first = miner.next(3);
    ASSERT_TRUE(fetch.on_headers({first}, env(0)));
    EXPECT_EQ(take_offers(fetch, 0), 3u);
    const auto record = machine.ledger->header(*machine.rows, first.back().hash);
    const BranchTip best{first.back().hash, record->height, record->work};
    const auto told = fetch.on_headers({miner.next(2)}, env(limits::kBareOfBranch - 1, &best));
    ASSERT_FALSE(told);
    EXPECT_NE(told.error().find("headers of a branch whose blocks are not here"),
              std::string::npos);
}

/// Its parent had to make room between the question and the answer: nobody's fault.
TEST_F(HeaderFetchTest, AParentThatIsGoneIsNoFault) {
    HeaderFetch fetch{1};
    ASSERT_TRUE(fetch.on_headers({HeaderMiner{chain.genesis(), 1'000'000}.next(3)}, env(0)));
    out.clear();
    const auto told = fetch.on_offered(fail(Rejection{Rule::parent_known, "", ""}), env(0));
    EXPECT_TRUE(told);
    EXPECT_TRUE(has_asked());
}

}  // namespace
}  // namespace cairn::net
