#include "net/sync/sync.hpp"

#include "net/sync/bodies.hpp"
#include "net/testing/headers.hpp"
#include "net/testing/party.hpp"

namespace cairn::net {
namespace {

using testing::ChainBuilder;
using testing::HeaderMiner;
using testing::Party;
using testing::slice;

constexpr PeerId kAlice = 1, kBob = 2, kCarol = 3;

std::vector<HashedHeader> headers_of(const std::vector<BlockPtr>& blocks) {
    std::vector<HashedHeader> headers;
    for (const auto& block : blocks) headers.push_back(block->header);
    return headers;
}
std::vector<BlockHash> hashes_of(const std::vector<BlockPtr>& blocks, std::size_t from = 0,
                                 std::size_t count = SIZE_MAX) {
    std::vector<BlockHash> hashes;
    for (std::size_t i = from; i < blocks.size() && i - from < count; ++i)
        hashes.push_back(blocks[i]->header.hash);
    return hashes;
}
ChainBuilder::Wish at(UnixSeconds time) {
    ChainBuilder::Wish wish;
    wish.time = time;
    return wish;
}
// Headers.

TEST(SyncHeaders, AsksAnActivePeerAtOnceAndAnotherNever) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.open(kAlice, true);
    node.open(kBob, false);
    const auto questions = node.sent<GetHeaders>(kAlice);
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].locator, (std::vector<BlockHash>{chain.genesis()}));
    EXPECT_TRUE(node.sent<GetHeaders>(kBob).empty());
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::headers);
    EXPECT_EQ(node.sync.progress(kBob, node.chain()), Sync::Progress::done);
}

TEST(SyncHeaders, AsksFromTheParentOfTheTipSoThatAnEqualPeerShowsIt) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    node.machine.add(blocks);
    node.open(kAlice);
    EXPECT_EQ(node.sent<GetHeaders>(kAlice)[0].locator.front(), blocks[1]->header.hash);
    node.headers(kAlice, std::vector{blocks[2]});
    EXPECT_EQ(node.sync.best_of(kAlice), (std::pair{blocks[2]->header.hash, Height{4}}));
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::done);
}

TEST(SyncHeaders, AreNotTakenOfAPeerThatIsNotAskedAndItsTipIsNoted) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    node.open(kAlice, false);
    node.headers(kAlice, blocks);
    EXPECT_EQ(node.headers_taken, 0U);
    EXPECT_TRUE(node.out.empty());
    EXPECT_EQ(node.sync.best_of(kAlice), (std::pair{blocks[2]->header.hash, Height{4}}));
    // What does not connect, here or in itself, says nothing.
    node.headers(kAlice, std::vector{blocks[2]});
    node.headers(kAlice, std::vector{blocks[0], blocks[2]});
    EXPECT_EQ(node.sync.best_of(kAlice)->second, Height{4});
    EXPECT_TRUE(node.out.empty());
}

TEST(SyncHeaders, AFullMessageIsFollowedByAQuestionAndAnyOtherByNone) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.open(kAlice);
    (void)node.sent<GetHeaders>(kAlice);
    const auto all = HeaderMiner{chain.genesis(), 1'000'000}.next(limits::kHeaders + 5);
    node.headers(kAlice, slice(all, 0));
    const auto questions = node.sent<GetHeaders>(kAlice);
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].locator.front(), all[limits::kHeaders - 1].hash);
    node.headers(kAlice, slice(all, limits::kHeaders));
    EXPECT_TRUE(node.sent<GetHeaders>(kAlice).empty());
    EXPECT_EQ(node.headers_taken, all.size());
    EXPECT_EQ(node.sync.best_of(kAlice)->first, all.back().hash);
}

TEST(SyncHeaders, TooManyInAMessageCloseAndTheLimitDoesNot) {
    ChainBuilder chain;
    const auto all = HeaderMiner{chain.genesis(), 1'000'000}.next(limits::kHeaders + 1);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, slice(all, 0));
    EXPECT_EQ(node.closed(kAlice), "");
    node.open(kBob);
    node.headers(kBob, all);
    EXPECT_NE(node.closed(kBob), "");
}

TEST(SyncHeaders, ThatDoNotFollowOneAnotherClose) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, std::vector{blocks[0], blocks[2]});
    EXPECT_NE(node.closed(kAlice).find("do not follow"), std::string::npos);
    EXPECT_EQ(node.headers_taken, 0U);
}

TEST(SyncHeaders, AnAnswerMayTakeItsTimeAndNoLonger) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.open(kAlice);
    node.tick(limits::kHeadersWithin);
    EXPECT_EQ(node.closed(kAlice), "");
    node.tick(1);
    EXPECT_NE(node.closed(kAlice).find("getheaders"), std::string::npos);
}

TEST(SyncHeaders, ToldWhileOthersOfThePeerAreBeingTakenAreAskedForAgain) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 4);
    Party node{chain.params()};
    node.open(kAlice);
    (void)node.sent<GetHeaders>(kAlice);
    const auto tell = [&](std::size_t from, std::size_t count) {
        Headers message;
        for (std::size_t i = from; i < from + count; ++i)
            message.headers.push_back(blocks[i]->header);
        node.sync.on_headers(kAlice, message, node.chain(), node.now, node.out);
    };
    tell(0, 2);
    tell(2, 2);
    EXPECT_TRUE(node.sent<GetHeaders>(kAlice).empty());
    node.settle();
    const auto questions = node.sent<GetHeaders>(kAlice);
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].locator.front(), blocks[1]->header.hash);
    node.headers(kAlice, std::vector{blocks[2], blocks[3]});
    EXPECT_EQ(node.sync.best_of(kAlice)->first, blocks[3]->header.hash);
}

TEST(SyncHeaders, AnAnnouncementIsNoAnswer) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 20);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, std::vector{blocks[19]});  // found while it was being asked
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::headers);
    node.headers(kAlice, blocks);
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::blocks);
}

TEST(SyncHeaders, OfAnUnknownParentAreAskedAboutOnceAndSeldomEnough) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 5);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, std::vector<HashedHeader>{});  // it has nothing yet
    (void)node.sent<GetHeaders>(kAlice);
    for (std::size_t i = 0; i < limits::kUnconnecting; ++i)
        node.headers(kAlice, std::vector{blocks[3]});
    EXPECT_EQ(node.sent<GetHeaders>(kAlice).size(), 1U);
    EXPECT_EQ(node.closed(kAlice), "");
    node.headers(kAlice, std::vector{blocks[3]});
    EXPECT_NE(node.closed(kAlice).find("parent is unknown"), std::string::npos);
}

/// What comes at once when a stalled connection goes on: each block was told when it was found.
TEST(SyncHeaders, ToldOneByOneOfABranchNotYetFetchedAreNoFault) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 4 * limits::kUnconnecting);
    Party node{chain.params()};
    node.open(kAlice);
    for (std::size_t i = 1; i < blocks.size(); ++i) node.headers(kAlice, std::vector{blocks[i]});
    EXPECT_EQ(node.closed(kAlice), "");
}

TEST(SyncHeaders, ThatConnectMakeUpForThoseThatDidNot) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 9);
    Party node{chain.params()};
    node.open(kAlice);
    for (std::size_t i = 0; i + 2 < blocks.size(); ++i) {
        for (std::size_t j = 0; j < limits::kUnconnecting; ++j)
            node.headers(kAlice, std::vector{blocks[i + 2]});
        node.headers(kAlice, std::vector{blocks[i]});
    }
    EXPECT_EQ(node.closed(kAlice), "");
}

/// Row 17 of the scenarios.
TEST(SyncHeaders, OrphansByTheHundredThousandLeaveNothing) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    for (std::size_t i = 0; i < 100'000; ++i) {
        node.headers(kAlice, std::vector{blocks[2]});
        node.body(kBob, blocks[2]->header, blocks[2]->bytes);
        node.out.clear();
    }
    EXPECT_LT(node.sync.bytes_of(kAlice) + node.sync.bytes_of(kBob), 4096U);
    EXPECT_TRUE(node.machine.rows->empty());
}

TEST(SyncHeaders, OfABranchKnownToBeInvalidClose) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    for (const auto& block : {blocks[0], blocks[1]})
        ASSERT_TRUE(node.machine.ledger->add_header(block->header, 0, *node.machine.rows));
    node.machine.ledger->condemn(blocks[0]->header.hash, Rule::reward_amount, *node.machine.rows);
    for (std::size_t i = 0; i < 3; ++i) {
        const PeerId peer = 10 + i;
        node.open(peer);
        node.headers(peer, std::vector{blocks[i]});
        EXPECT_NE(node.closed(peer).find("a branch that is invalid"), std::string::npos) << i;
    }
}

TEST(SyncHeaders, OfTheFutureAreAskedForLaterAndAreNoFault) {
    ChainSpec spec = cairn::testing::easy_spec();
    spec.future_limit = 100;
    ChainBuilder chain{spec};
    const auto first = chain.extend(chain.genesis());
    const auto early = chain.extend(first->header.hash, at(Party::kWall + 101));
    const auto later = chain.extend(early->header.hash, at(Party::kWall + 101));
    Party node{chain.params()};
    node.open(kAlice);
    (void)node.sent<GetHeaders>(kAlice);
    node.headers(kAlice, std::vector{first, early, later});
    EXPECT_EQ(node.closed(kAlice), "");
    EXPECT_EQ(node.headers_taken, 1U);
    ASSERT_TRUE(node.sync.ahead_of(kAlice));
    EXPECT_NE(node.sync.ahead_of(kAlice)->find("clock"), std::string::npos);
    EXPECT_EQ(node.asked(kAlice), hashes_of({first}));
    node.tick(29'999);
    EXPECT_TRUE(node.sent<GetHeaders>(kAlice).empty());
    ++node.now.wall;
    node.tick(1);
    EXPECT_EQ(node.sent<GetHeaders>(kAlice).size(), 1U);
    node.headers(kAlice, std::vector{first, early, later});
    EXPECT_EQ(node.headers_taken, 3U);
    EXPECT_FALSE(node.sync.ahead_of(kAlice));
}

TEST(SyncHeaders, OneThatAnotherPeerToldIsJumpedOver) {
    ChainBuilder chain;
    const auto all = HeaderMiner{chain.genesis(), 1'000'000}.next(2 * limits::kHeaders + 1);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    (void)node.sent<GetHeaders>(kBob);
    for (std::size_t i = 0; i < 3; ++i) node.headers(kAlice, slice(all, i * limits::kHeaders));
    node.headers(kBob, slice(all, 0));
    const auto questions = node.sent<GetHeaders>(kBob);
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].locator[0], all[2 * limits::kHeaders - 1].hash);
    EXPECT_EQ(questions[0].locator[1], all[limits::kHeaders - 1].hash);
}

/// Row 15 of the scenarios: on the way into the ledger, and on a branch of little work.
TEST(SyncHeaders, OfWrongBitsAreRefusedAtTheFirstAndClose) {
    for (const auto& spec : {cairn::testing::easy_spec(), testing::adjusted_spec()}) {
        for (const std::size_t ours : {0U, 60U}) {
            ChainBuilder chain{spec};
            Party node{chain.params()};
            node.machine.add(chain.grow(chain.genesis(), ours, at(1'000'300)));
            const auto right = chain.grow(chain.genesis(), 4, at(1'000'400));
            auto told = headers_of(right);
            const BlockHash before = told[2].hash;
            told[3] = HeaderMiner{before, 1'000'400, CompactBits{0x207ffffe}}.next();
            node.open(kAlice);
            node.headers(kAlice, told);
            EXPECT_NE(node.closed(kAlice).find("bits_required"), std::string::npos);
            EXPECT_EQ(node.headers_taken, ours == 0 ? 3U : 0U);
        }
    }
}

// Bodies.

TEST(SyncBodies, AreAskedForInChainOrderUpToTheLimitAndFollowedUpAtHalf) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 40);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    const auto first = node.sent<GetData>(kAlice);
    ASSERT_EQ(first.size(), 1U);  // one message
    EXPECT_EQ(first[0].items.size(), limits::kBlocksInFlight);
    for (std::size_t i = 0; i < limits::kBlocksInFlight / 2; ++i) {
        EXPECT_TRUE(node.asked(kAlice).empty());
        node.deliver(kAlice, blocks[i]);
    }
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks, 16, 8));
    EXPECT_EQ(node.machine.tip().hash, blocks[7]->header.hash);
}

TEST(SyncBodies, OfSmallOnesMoreAreAskedForAtOnceAndOfLargeOnesAgainFewer) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 400);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    std::size_t asked = node.asked(kAlice).size();
    std::size_t most = asked;
    for (std::size_t i = 0; i < 300; ++i) {
        node.deliver(kAlice, blocks[i]);
        asked += node.asked(kAlice).size();
        most = std::max(most, asked - (i + 1));
    }
    EXPECT_GE(most, 4 * limits::kBlocksInFlight);
    EXPECT_LE(most, limits::kSmallBlocksInFlight);

    // A body that is not what it should be is as large as it likes.
    const auto large = std::make_shared<const Bytes>(limits::kBytesInFlight + 1);
    for (std::size_t i = 300; i < 310; ++i) {
        node.body(kAlice, blocks[i]->header, large);
        for (const auto& check : node.take<Check>())
            node.verdict(kAlice, digest_cast<BlockHash>(check.what.hash), std::nullopt);
    }
    node.close(kAlice);
    node.open(kBob);
    node.headers(kBob, blocks);
    EXPECT_EQ(node.asked(kBob).size(), limits::kBlocksInFlight);
}

TEST(SyncBodies, OfAPathThatGrowsWhileItIsBeingLaidAreAllAskedFor) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), Bodies::kWalkAtOnce + 40);
    for (const std::size_t later : {1U, 30U}) {
        Party node{chain.params()};
        node.open(kAlice);
        node.open(kBob);
        node.goes_on = false;
        const auto end = blocks.end() - static_cast<std::ptrdiff_t>(later);
        node.headers(kAlice, std::vector<BlockPtr>{blocks.begin(),
                                                   end});  // the walk stops short of the first
        node.headers(kBob, blocks);
        node.goes_on = true;
        std::size_t delivered = 0;
        for (int rounds = 0; rounds < 2'000 && delivered < blocks.size(); ++rounds) {
            node.tick(10);
            for (const PeerId peer : {kAlice, kBob})
                for (const auto& hash : node.asked(peer)) {
                    const auto block = std::ranges::find_if(
                        blocks, [&](const auto& one) { return one->header.hash == hash; });
                    ASSERT_NE(block, blocks.end());
                    node.deliver(peer, *block);
                    ++delivered;
                }
        }
        EXPECT_EQ(delivered, blocks.size());
        EXPECT_FALSE(node.sync.syncing());
    }
}

TEST(SyncBodies, BeyondWhatMayWaitForItsCheckAreAskedForAgain) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 8);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    ASSERT_EQ(node.asked(kAlice).size(), 8U);
    const auto large = std::make_shared<const Bytes>(limits::kCheckingBytes / 2);
    node.body(kAlice, blocks[0]->header, large);
    node.body(kAlice, blocks[1]->header, large);
    node.body(kAlice, blocks[2]->header, large);
    auto checks = node.take<Check>();
    EXPECT_EQ(checks.size(), 2U);
    EXPECT_EQ(node.closed(kAlice), "");
    node.verdict(kAlice, blocks[0]->header.hash, std::nullopt);
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks, 2, 1));
}

TEST(SyncBodies, ThatWereNotHeardAreNotHeldOverdue) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 20);
    Party node{chain.params()};
    for (const PeerId peer : {kAlice, kBob}) {
        node.open(peer);
        node.headers(peer, blocks);
    }
    node.unheard = 55'000;
    node.tick(55'000 + limits::kStallMin);
    EXPECT_EQ(node.closed(kAlice), "");
    node.tick(1);
    EXPECT_NE(node.closed(kAlice).find("held up"), std::string::npos);
}

TEST(SyncBodies, ComeFromSeveralPeersAndEachOnce) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 40);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, blocks);
    node.headers(kBob, blocks);
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks, 0, 16));
    EXPECT_EQ(node.asked(kBob), hashes_of(blocks, 16, 16));
}

TEST(SyncBodies, AreNotAskedOfAPeerWhoseBranchDoesNotReachThem) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 30);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kBob, std::vector(blocks.begin(), blocks.begin() + 10));
    EXPECT_EQ(node.asked(kBob), hashes_of(blocks, 0, 10));
    node.headers(kAlice, blocks);
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks, 10, 16));
    for (std::size_t i = 0; i < 10; ++i) node.deliver(kBob, blocks[i]);
    EXPECT_TRUE(node.asked(kBob).empty());
}

TEST(SyncBodies, TheWindowEndsSoFarAheadOfTheFirstMissing) {
    ChainBuilder chain;
    const auto headers = HeaderMiner{chain.genesis(), 1'000'000}.next(limits::kWindow + 10);
    Party node{chain.params()};
    std::set<BlockHash> asked;
    const std::size_t peers = limits::kWindow / limits::kBlocksInFlight + 2;
    for (PeerId peer = 1; peer <= peers; ++peer) {
        node.open(peer);
        node.headers(peer, headers);
        for (const auto& hash : node.asked(peer)) EXPECT_TRUE(asked.insert(hash).second);
    }
    EXPECT_EQ(asked.size(), limits::kWindow);
    EXPECT_TRUE(asked.contains(headers[limits::kWindow - 1].hash));
    EXPECT_FALSE(asked.contains(headers[limits::kWindow].hash));
}

TEST(SyncBodies, ThatAreHereAreNotAskedForAlsoAfterARestart) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 12);
    Party node{chain.params()};
    for (const auto& block : blocks)
        ASSERT_TRUE(node.machine.ledger->add_header(block->header, 0, *node.machine.rows));
    for (const std::size_t kept : {1U, 5U, 6U}) ASSERT_TRUE(node.machine.keep(blocks[kept]));
    node.machine.write();
    node.machine.open();
    node.open(kAlice);
    node.headers(kAlice, blocks);
    std::vector<BlockHash> missing = hashes_of(blocks);
    missing.erase(missing.begin() + 5, missing.begin() + 7);
    missing.erase(missing.begin() + 1);
    EXPECT_EQ(node.asked(kAlice), missing);
}

TEST(SyncBodies, ThatWaitForTheirVerdictAreNotAskedForAgain) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    (void)node.asked(kAlice);
    node.body(kAlice, blocks[0]->header, blocks[0]->bytes);
    node.open(kBob);
    node.headers(kBob, blocks);
    node.close(kAlice);  // what it owed is asked of the other; what it sent is not
    EXPECT_EQ(node.asked(kBob), hashes_of(blocks, 1));
    node.check();
    EXPECT_EQ(node.machine.tip().hash, blocks[0]->header.hash);
}

TEST(SyncBodies, AreAskedForOnceAlsoWhenTheBestBranchChangesBackAndForth) {
    ChainBuilder chain;
    const auto one = chain.grow(chain.genesis(), 4);
    const auto other = chain.grow(chain.genesis(), 3);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, std::vector(one.begin(), one.begin() + 2));
    EXPECT_EQ(node.asked(kAlice), hashes_of(one, 0, 2));
    node.headers(kBob, other);
    EXPECT_EQ(node.asked(kBob), hashes_of(other));
    node.headers(kAlice, one);
    EXPECT_EQ(node.asked(kAlice), hashes_of(one, 2));
    for (const auto& block : one) node.deliver(kAlice, block);
    EXPECT_EQ(node.machine.tip().hash, one.back()->header.hash);
}

TEST(SyncBodies, NobodyAskedForAreDroppedAndTooManyClose) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 2);
    Party node{chain.params()};
    node.open(kAlice);
    for (std::size_t i = 0; i < limits::kUnaskedBodies; ++i)
        node.body(kAlice, blocks[0]->header, blocks[0]->bytes);
    EXPECT_TRUE(node.take<Check>().empty());
    EXPECT_EQ(node.closed(kAlice), "");
    node.body(kAlice, blocks[0]->header, blocks[0]->bytes);
    EXPECT_NE(node.closed(kAlice).find("nobody asked"), std::string::npos);
}

TEST(SyncBodies, OfAPeerThatIsNoLongerAskedAreForgiven) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 30);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    node.sync.set_active(kAlice, false, node.chain(), node.now, node.out);
    for (std::size_t i = 0; i < 2 * limits::kBlocksInFlight; ++i)
        node.body(kAlice, blocks[i % 30]->header, blocks[i % 30]->bytes);
    EXPECT_EQ(node.closed(kAlice), "");
    node.body(kAlice, blocks[0]->header, blocks[0]->bytes);
    EXPECT_NE(node.closed(kAlice), "");
}

/// Row 20 of the scenarios.
TEST(SyncBodies, AMutatedBodyCostsItsSenderTheConnectionAndTheHonestOneIsTaken) {
    ChainBuilder chain;
    std::vector<TransferPtr> transfers;
    ChainBuilder::Wish wish;
    wish.to = chain.keys().address(7);
    const auto funded = chain.extend(chain.genesis(), wish);
    for (std::uint64_t nonce = 0; nonce < 3; ++nonce)
        transfers.push_back(
            chain.keys().transfer(*chain.params(), 7, nonce, cairn::testing::nobody(9), 5, 1));
    wish.transfers = transfers;
    const auto honest = chain.extend(funded->header.hash, wish);
    const Bytes& right = *honest->bytes;
    const auto decoded = decode_block(right);
    std::vector<ByteView> parts;
    for (const auto& transaction : decoded->transactions) parts.push_back(transaction.bytes);
    const auto encoded = [&](const std::vector<ByteView>& list) {
        return encode_block(honest->header.header, list);
    };

    std::map<std::string, Bytes> mutations;
    mutations["a bit of a signature"] = right;
    mutations["a bit of a signature"].back() ^= 1;
    mutations["a bit of the reward"] = right;
    mutations["a bit of the reward"][BlockHeader::kSize + 20] ^= 1;
    mutations["a byte more"] = right;
    mutations["a byte more"].push_back(0);
    mutations["a byte less"] = Bytes(right.begin(), right.end() - 1);
    mutations["the header alone"] = Bytes(right.begin(), right.begin() + BlockHeader::kSize);
    mutations["no transactions"] = encoded({});
    mutations["one left out"] = encoded({parts[0], parts[1], parts[2]});
    mutations["the last twice"] = encoded({parts[0], parts[1], parts[2], parts[3], parts[3]});
    mutations["the last pair twice"] =
        encoded({parts[0], parts[1], parts[2], parts[3], parts[2], parts[3]});
    mutations["two exchanged"] = encoded({parts[0], parts[2], parts[1], parts[3]});
    mutations["the reward not first"] = encoded({parts[1], parts[0], parts[2], parts[3]});
    mutations["all transactions twice"] =
        encoded({parts[0], parts[1], parts[2], parts[3], parts[0], parts[1], parts[2], parts[3]});

    for (const auto& [kind, bytes] : mutations) {
        Party node{chain.params()};
        node.machine.add(funded);
        node.open(kAlice);
        node.headers(kAlice, std::vector{honest});
        ASSERT_EQ(node.asked(kAlice), hashes_of({honest})) << kind;
        node.body(kAlice, honest->header, std::make_shared<const Bytes>(bytes));
        node.check();
        EXPECT_NE(node.closed(kAlice).find("breaks a rule"), std::string::npos) << kind;
        node.close(kAlice);
        node.open(kBob);
        node.headers(kBob, std::vector{honest});
        ASSERT_EQ(node.asked(kBob), hashes_of({honest})) << kind;
        node.deliver(kBob, honest);
        EXPECT_EQ(node.machine.tip().hash, honest->header.hash) << kind;
    }
}

TEST(SyncBodies, ACondemnedBlockClosesItsSenderAndTheNextBranchIsFetched) {
    ChainBuilder chain;
    ChainBuilder::Wish greedy;
    greedy.reward_more = 1;
    const auto bad = chain.extend(chain.genesis(), greedy);
    const auto on_bad = chain.extend(bad->header.hash);
    const auto good = chain.extend(chain.genesis());
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, std::vector{bad, on_bad});
    node.headers(kBob, std::vector{good});
    EXPECT_EQ(node.asked(kAlice), hashes_of({bad, on_bad}));
    EXPECT_TRUE(node.asked(kBob).empty());
    node.deliver(kAlice, bad);
    EXPECT_NE(node.closed(kAlice).find("reward_amount"), std::string::npos);
    EXPECT_EQ(node.asked(kBob), hashes_of({good}));
    node.deliver(kBob, good);
    EXPECT_EQ(node.machine.tip().hash, good->header.hash);
    EXPECT_FALSE(node.sync.syncing());
}

TEST(SyncBodies, ThatSomebodyDoesNotHaveAreAskedOfAnother) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 4);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, blocks);
    node.headers(kBob, blocks);
    (void)node.asked(kAlice);
    for (const auto& block : blocks)
        node.sync.on_not_found(kAlice, block->header.hash, node.chain(), node.now, node.out);
    EXPECT_EQ(node.asked(kBob), hashes_of(blocks));
}

TEST(SyncBodies, ThatNobodyHasAreGivenUpUntilTheyAreShownAgain) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 2);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    for (const auto& hash : node.asked(kAlice))
        node.sync.on_not_found(kAlice, hash, node.chain(), node.now, node.out);
    EXPECT_FALSE(node.sync.syncing());
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::done);
    node.tick(1'000);
    EXPECT_TRUE(node.asked(kAlice).empty());
    node.headers(kAlice, std::vector{blocks[1]});
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks));
}

/// Row 16 of the scenarios.
TEST(SyncBodies, WhoHoldsUpTheFrontIsReplacedAfterItsStallTime) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 20);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, blocks);
    node.headers(kBob, blocks);
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks, 0, 16));
    EXPECT_EQ(node.asked(kBob), hashes_of(blocks, 16, 4));
    for (std::size_t i = 16; i < 20; ++i) node.deliver(kBob, blocks[i]);
    node.tick(limits::kStallMin);
    EXPECT_EQ(node.closed(kAlice), "");
    node.tick(1);
    EXPECT_NE(node.closed(kAlice).find("held up"), std::string::npos);
    EXPECT_EQ(node.asked(kBob), hashes_of(blocks, 0, 16));
    for (std::size_t i = 0; i < 16; ++i) node.deliver(kBob, blocks[i]);
    EXPECT_EQ(node.machine.tip().hash, blocks.back()->header.hash);
}

TEST(SyncBodies, TheStallTimeDoublesWithEachReplacementAndComesDownAgain) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 60);
    Party node{chain.params()};
    for (PeerId peer = 1; peer <= 3; ++peer) {
        node.open(peer);
        node.headers(peer, std::vector{blocks[0], blocks[1]});
    }
    node.tick(limits::kStallMin + 1);
    EXPECT_NE(node.closed(1), "");
    node.tick(2 * limits::kStallMin);
    EXPECT_EQ(node.closed(2), "");
    node.tick(1);
    EXPECT_NE(node.closed(2), "");
    node.headers(3, blocks);
    for (const auto& block : blocks) node.deliver(3, block);
    ASSERT_EQ(node.machine.tip().hash, blocks.back()->header.hash);

    const auto more = chain.grow(blocks.back()->header.hash, 2);
    for (PeerId peer = 4; peer <= 5; ++peer) {
        node.open(peer);
        node.headers(peer, more);
    }
    node.tick(limits::kStallMin + 1);
    EXPECT_NE(node.closed(4), "");
}

TEST(SyncBodies, OutOfTheirOrderDoNotExcuseTheFront) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 16);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, blocks);
    node.headers(kBob, blocks);
    node.tick(limits::kStallMin - 1);
    node.deliver(kAlice, blocks[1]);
    node.tick(2);
    EXPECT_NE(node.closed(kAlice), "");
}

TEST(SyncBodies, InTheirOrderAreAsSlowAsTheyLike) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 16);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, blocks);
    node.headers(kBob, blocks);
    for (const auto& block : blocks) {
        node.tick(limits::kStallMin);
        node.deliver(kAlice, block);
    }
    EXPECT_EQ(node.closed(kAlice), "");
    EXPECT_EQ(node.machine.tip().hash, blocks.back()->header.hash);
}

TEST(SyncBodies, APeerThatAloneHasThemGetsTheLongestTime) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 2);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    node.tick(limits::kStallMax);
    EXPECT_EQ(node.closed(kAlice), "");
    node.tick(1);
    EXPECT_NE(node.closed(kAlice).find("no block"), std::string::npos);
    EXPECT_FALSE(node.sync.syncing());
}

TEST(SyncBodies, AnotherBranchIsFetchedWhileTheBestIsHeldBack) {
    ChainBuilder chain;
    const auto withheld = chain.grow(chain.genesis(), 9);
    const auto honest = chain.grow(chain.genesis(), 5);
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    node.headers(kAlice, withheld);
    node.headers(kBob, honest);
    (void)node.asked(kAlice);
    node.tick(limits::kStallMin + 1);
    EXPECT_EQ(node.asked(kBob), hashes_of(honest));
    for (const auto& block : honest) node.deliver(kBob, block);
    EXPECT_EQ(node.machine.tip().hash, honest.back()->header.hash);
    // Showing it again changes nothing; sending it does.
    node.headers(kAlice, std::vector{withheld.back()});
    EXPECT_FALSE(node.sync.syncing());
    EXPECT_EQ(node.closed(kAlice), "");
    for (const auto& block : withheld) node.deliver(kAlice, block);
    EXPECT_EQ(node.machine.tip().hash, withheld.back()->header.hash);
}

TEST(SyncBodies, OfABranchThatGrowsWhileItIsFetchedAreAllFetched) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 6);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, std::vector(blocks.begin(), blocks.begin() + 3));
    node.headers(kAlice, std::vector(blocks.begin() + 3, blocks.end()));
    EXPECT_EQ(node.asked(kAlice), hashes_of(blocks));
    for (const auto& block : blocks) node.deliver(kAlice, block);
    EXPECT_EQ(node.machine.tip().hash, blocks.back()->header.hash);
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::done);
}

TEST(SyncBodies, ABranchThatOvertakesIsFetchedFromItsFork) {
    ChainBuilder chain;
    const auto common = chain.grow(chain.genesis(), 2);
    const auto ours = chain.grow(common.back()->header.hash, 3);
    const auto theirs = chain.grow(common.back()->header.hash, 4);
    Party node{chain.params()};
    node.machine.add(common);
    node.machine.add(ours);
    node.open(kAlice);
    node.headers(kAlice, theirs);
    EXPECT_EQ(node.asked(kAlice), hashes_of(theirs));
    for (const auto& block : theirs) node.deliver(kAlice, block);
    EXPECT_EQ(node.machine.tip().hash, theirs.back()->header.hash);
}

/// Two long branches that overtake each other by a header: a walk along one is no part of what a
/// header costs, and the better one is fetched all the same.
TEST(SyncBodies, LongBranchesThatOvertakeEachOtherCostAShareOfTheTime) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob);
    constexpr std::size_t kLong = 9'000;
    HeaderMiner alice{chain.genesis(), 1'000'000, CompactBits{0x207fffff}, 1};
    HeaderMiner bob{chain.genesis(), 1'000'500, CompactBits{0x207fffff}, 1};
    const auto tell_all = [&](PeerId peer, const std::vector<HashedHeader>& headers) {
        for (std::size_t from = 0; from < headers.size(); from += limits::kHeaders) {
            node.headers(peer, slice(headers, from));
            node.tick(250);
        }
    };
    tell_all(kAlice, alice.next(kLong));
    tell_all(kBob, bob.next(kLong));
    for (int i = 0; i < 8; ++i) node.tick(250);
    node.machine.write();
    node.out.clear();

    const auto looked_before = node.sync.walked();
    HashedHeader best;
    for (int i = 0; i < 50; ++i) {
        node.headers(kBob, bob.next(2));
        best = alice.next();
        node.headers(kAlice, {best, alice.next()});
    }
    // No time has passed: what was saved up, whatever there was to overtake.
    EXPECT_LE(node.sync.walked() - looked_before, Bodies::kWalkBurst);
    const auto at_rest = node.sync.walked();
    for (int i = 0; i < 40; ++i) node.tick(250);
    EXPECT_LE(node.sync.walked() - at_rest, 10 * Bodies::kWalkRate + Bodies::kWalkBurst);
    EXPECT_EQ(node.closed(kAlice), "");
    EXPECT_TRUE(node.sync.syncing());
}

/// A peer whose place in what is missing is far to find is asked once it is found.
TEST(SyncBodies, APeerOnALongForkOfTheBranchIsAskedForWhatItHasOfIt) {
    ChainBuilder chain;
    const auto shared = chain.grow(chain.genesis(), 30);
    const auto best =
        HeaderMiner{shared.back()->header.hash, 2'000'000, CompactBits{0x207fffff}, 1}.next(6'000);
    const auto fork =
        HeaderMiner{shared.back()->header.hash, 2'100'000, CompactBits{0x207fffff}, 1}.next(5'990);
    Party node{chain.params()};
    const auto tell = [&](PeerId peer, const std::vector<HashedHeader>& branch) {
        std::vector<HashedHeader> all;
        for (const auto& block : shared) all.push_back(block->header);
        all.insert(all.end(), branch.begin(), branch.end());
        node.open(peer);
        for (std::size_t from = 0; from < all.size(); from += limits::kHeaders)
            node.headers(peer, slice(all, from));
    };
    tell(kAlice, best);
    for (int i = 0; i < 8; ++i) node.tick(250);
    EXPECT_EQ(node.asked(kAlice).size(), limits::kBlocksInFlight);
    tell(kBob, fork);
    for (int i = 0; i < 8; ++i) node.tick(250);
    // The other part of what both have.
    EXPECT_EQ(node.asked(kBob).size(), shared.size() - limits::kBlocksInFlight);
}

TEST(SyncBodies, WhoWasSetAsideIsAskedAgainWhenAskingBeginsAnew) {
    ChainBuilder chain;
    const auto withheld = chain.grow(chain.genesis(), 5);
    const auto lesser = chain.grow(chain.genesis(), 2);
    Party node{chain.params()};
    for (const PeerId peer : {kAlice, kBob}) node.open(peer);
    node.headers(kAlice, withheld);
    node.headers(kBob, lesser);
    EXPECT_EQ(node.asked(kAlice).size(), 5U);
    node.tick(limits::kStallMin + 1);
    EXPECT_EQ(node.asked(kBob).size(), 2U);  // the other branch meanwhile
    // As with gossip off, when one resolve is over and the next begins.
    node.sync.set_active(kAlice, false, node.chain(), node.now, node.out);
    node.sync.set_active(kAlice, true, node.chain(), node.now, node.out);
    EXPECT_EQ(node.asked(kAlice).size(), 5U);
    EXPECT_EQ(node.sync.progress(kAlice, node.chain()), Sync::Progress::headers);
}

TEST(SyncBodies, WhoWasSetAsideAndSaysThatItHasNothingIsAskedAgainWhenItShowsMore) {
    ChainBuilder chain;
    const auto withheld = chain.grow(chain.genesis(), 5);
    const auto lesser = chain.grow(chain.genesis(), 2);
    Party node{chain.params()};
    for (const PeerId peer : {kAlice, kBob}) node.open(peer);
    node.headers(kAlice, withheld);
    node.headers(kBob, lesser);
    const auto asked = node.asked(kAlice);
    node.tick(limits::kStallMin + 1);
    for (const auto& hash : asked)
        node.sync.on_not_found(kAlice, hash, node.chain(), node.now, node.out);
    (void)node.asked(kAlice);
    const auto more = chain.extend(withheld.back()->header.hash);
    node.headers(kAlice, std::vector{more});
    EXPECT_EQ(node.asked(kAlice).size(), 6U);
}

/// What a peer shows instead of a branch that it showed before: that one is not kept on disk.
TEST(SyncHeaders, OfABranchThatIsShownNoMoreAreForgotten) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.open(kAlice);
    const auto first = HeaderMiner{chain.genesis(), 1'000'000}.next(20);
    const auto second = HeaderMiner{chain.genesis(), 1'100'000}.next(30);
    node.headers(kAlice, first);
    EXPECT_EQ(node.machine.ledger->bare(), 20U);
    node.headers(kAlice, second);
    node.tick(250);
    EXPECT_EQ(node.machine.ledger->bare(), 30U);
    EXPECT_FALSE(node.machine.ledger->header(*node.machine.rows, first.back().hash));
    // Shown again, they are taken again.
    node.headers(kAlice, HeaderMiner{first.back().hash, 1'200'000}.next(20));
    node.headers(kAlice, first);
    EXPECT_EQ(node.closed(kAlice), "");
    node.close(kAlice);
    node.tick(250);
    node.tick(250);
    EXPECT_EQ(node.machine.ledger->bare(), 0U);
}

TEST(SyncBodies, OfABranchWithoutMoreWorkAreNotAskedFor) {
    ChainBuilder chain;
    const auto ours = chain.grow(chain.genesis(), 3);
    const auto theirs = chain.grow(chain.genesis(), 4);
    Party node{chain.params()};
    node.machine.add(ours);
    node.open(kAlice);
    node.headers(kAlice, std::vector(theirs.begin(), theirs.begin() + 3));
    EXPECT_EQ(node.headers_taken, 0U);
    EXPECT_TRUE(node.asked(kAlice).empty());
    EXPECT_EQ(node.sync.best_of(kAlice), (std::pair{theirs[2]->header.hash, Height{4}}));
    node.headers(kAlice, theirs);
    EXPECT_EQ(node.asked(kAlice), hashes_of(theirs));
}

// News.

TEST(SyncNews, GoToEveryPeerThatDoesNotKnowOurTip) {
    ChainBuilder chain;
    const auto block = chain.extend(chain.genesis());
    Party node{chain.params()};
    node.open(kAlice);
    node.open(kBob, false);
    Hello knows;
    knows.tip = block->header.hash;
    node.open(kCarol, true, knows);
    node.headers(kAlice, std::vector{block});
    node.deliver(kAlice, block);
    EXPECT_TRUE(node.sent<Headers>(kCarol).empty());
    // Alice has the block, and hears that we have it as well.
    for (const PeerId peer : {kAlice, kBob}) {
        const auto news = node.sent<Headers>(peer);
        ASSERT_EQ(news.size(), 1U);
        EXPECT_EQ(news[0].headers.back().hash, block->header.hash);
    }
}

TEST(SyncNews, OfATipThatIsBehindWhatAPeerHasShownAreNotSentToIt) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 2);
    Party node{chain.params()};
    node.open(kAlice);
    node.headers(kAlice, blocks);
    node.deliver(kAlice, blocks[0]);
    EXPECT_TRUE(node.sent<Headers>(kAlice).empty());
    node.deliver(kAlice, blocks[1]);
    EXPECT_EQ(node.sent<Headers>(kAlice).size(), 1U);
}

TEST(SyncNews, AreNotSentWithoutGossip) {
    ChainBuilder chain;
    Party node{chain.params()};
    node.announce = false;
    node.open(kAlice, false);
    node.mine(chain.extend(chain.genesis()));
    EXPECT_TRUE(node.out.empty());
}

TEST(SyncNews, OfAFewBlocksAreTheirHeadersAndOfMoreTheLast) {
    ChainBuilder chain;
    const auto ours = chain.grow(chain.genesis(), 2);
    for (const std::size_t count : {8U, 9U}) {
        Party node{chain.params()};
        node.machine.add(ours);
        node.open(kBob, false);
        const auto other = chain.grow(chain.genesis(), count);
        for (const auto& block : other)
            ASSERT_TRUE(node.machine.ledger->add_header(block->header, 0, *node.machine.rows));
        for (const std::size_t i : {0U, 1U}) node.mine(other[i]);
        for (std::size_t i = count; i-- > 3;) ASSERT_TRUE(node.machine.keep(other[i]));
        node.mine(other[2]);  // links all that waited for it: one change of the tip
        const auto news = node.sent<Headers>(kBob);
        ASSERT_EQ(news.size(), 1U);
        EXPECT_EQ(news[0].headers.size(), count == 8 ? 8U : 1U);
        EXPECT_EQ(news[0].headers.back().hash, other.back()->header.hash);
    }
}

// Together.

TEST(SyncTogether, AThousandBlocksComeFromOnePeerAndFromThreeEachOnce) {
    ChainBuilder chain;
    const auto blocks = chain.grow(chain.genesis(), 1'000);
    for (const std::size_t peers : {1U, 3U}) {
        testing::Town town;
        town.add(chain.params());
        for (std::size_t i = 1; i <= peers; ++i) {
            town.add(chain.params());
            for (const auto& block : blocks) ASSERT_TRUE(town[i].machine.keep(block));
            town[i].mine(blocks.front());
        }
        for (std::size_t i = 1; i <= peers; ++i) town.connect(0, i);
        town.run();
        EXPECT_EQ(town[0].machine.tip().hash, blocks.back()->header.hash);
        for (const auto& block : blocks) EXPECT_EQ(town.bodies_sent(block->header.hash), 1U);
        for (std::size_t i = 1; i <= peers; ++i)
            EXPECT_GT(town.served().at(i), 1'000 / peers / 2) << "peer " << i;
        EXPECT_TRUE(town.closed.empty());
    }
}

TEST(SyncTogether, ABlockAtOneEndOfALineReachesTheOther) {
    ChainBuilder chain;
    testing::Town town;
    for (std::size_t i = 0; i < 5; ++i) town.add(chain.params());
    for (std::size_t i = 1; i < 5; ++i) town.connect(i - 1, i);
    town.run();
    BlockHash tip = chain.genesis();
    for (int i = 0; i < 3; ++i) {
        const auto block = chain.extend(tip);
        tip = block->header.hash;
        town[0].mine(block);
        town.run();
        EXPECT_EQ(town[4].machine.tip().hash, tip);
        EXPECT_EQ(town.bodies_sent(tip), 4U);
    }
    EXPECT_TRUE(town.closed.empty());
}

TEST(SyncTogether, TwoHalvesAgreeOnTheHeavierWhenTheyMeet) {
    ChainBuilder chain;
    testing::Town town;
    town.add(chain.params());
    town.add(chain.params());
    for (const auto& block : chain.grow(chain.genesis(), 3)) town[0].mine(block);
    const auto heavier = chain.grow(chain.genesis(), 5);
    for (const auto& block : heavier) town[1].mine(block);
    town[0].out.clear();
    town[1].out.clear();
    town.connect(0, 1);
    town.run();
    EXPECT_EQ(town[0].machine.tip().hash, heavier.back()->header.hash);
    EXPECT_EQ(town[1].machine.tip().hash, heavier.back()->header.hash);
}

}  // namespace
}  // namespace cairn::net
