#include "net/relay/relay.hpp"

#include "net/relay/known_items.hpp"
#include "net/testing/party.hpp"

namespace cairn::net {
namespace {

using testing::ChainBuilder;
using testing::Machine;

constexpr PeerId kAlice = 1, kBob = 2, kCarol = 3;

Txid numbered(std::size_t number) {
    Txid id;
    for (std::size_t i = 0; i < 8; ++i)
        id.bytes[31 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return id;
}
std::vector<Txid> numbered(std::size_t from, std::size_t count) {
    std::vector<Txid> ids;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(numbered(from + i));
    return ids;
}

class RelayTest : public ::testing::Test {
protected:
    Chain state() { return {*machine.ledger, pool, *machine.rows}; }
    void open(PeerId peer, bool active = true, std::uint32_t protocol = 1, bool named = false) {
        relay.on_open(peer, protocol, named, active, now);
        compare_due();
    }
    /// As who knows that our chain has all of theirs.
    void compare_due() {
        for (const PeerId peer : relay.due(now)) relay.compare(peer, now, out);
    }
    void page(PeerId peer, const std::vector<Txid>& ids, bool more = false) {
        relay.on_pool_inv(peer, PoolInv{more, ids}, state(), now, out);
    }
    void inv(PeerId peer, const std::vector<Txid>& ids) {
        Inv message;
        for (const auto& id : ids)
            message.items.push_back({ItemKind::transfer, digest_cast<Hash256>(id)});
        relay.on_inv(peer, message, state(), now, out);
    }
    void body(PeerId peer, const Txid& id) {
        relay.on_transfer(peer, TransferBody{id, Bytes{1, 2, 3}}, state(), now, out);
    }
    void verdict(PeerId peer, const Txid& id, std::optional<Rule> rule = {}) {
        std::optional<Rejection> refused;
        if (rule) refused = Rejection{*rule, "this", "that"};
        relay.on_verdict(peer, id, nullptr, refused, state(), now, out);
    }
    void tick(Tick ms) {
        now.steady += ms;
        relay.on_tick(state(), now, out);
    }
    template <class M>
    std::vector<M> sent(PeerId to) {
        std::vector<M> messages;
        std::erase_if(out, [&](const Action& action) {
            const auto* send = std::get_if<Send>(&action);
            if (send == nullptr || send->to != to) return false;
            auto message = decode(*send->frame, 1024 * 1024, 1);
            if (!message) message = decode(*send->frame, 1024 * 1024, 2);
            if (!message || !std::holds_alternative<M>(*message)) return false;
            messages.push_back(std::get<M>(*message));
            return true;
        });
        return messages;
    }
    template <class M>
    std::vector<Txid> ids(PeerId to) {
        std::vector<Txid> list;
        for (const auto& message : sent<M>(to))
            for (const auto& item : message.items) list.push_back(digest_cast<Txid>(item.hash));
        return list;
    }
    std::vector<Txid> asked(PeerId of) { return ids<GetData>(of); }
    std::vector<Txid> told(PeerId to) { return ids<Inv>(to); }
    template <class T>
    std::size_t count() const {
        return static_cast<std::size_t>(std::count_if(
            out.begin(), out.end(), [](const auto& a) { return std::holds_alternative<T>(a); }));
    }

    ChainBuilder chain;
    Machine machine{chain.params()};
    Pool pool{PoolLimits{}};
    Relay relay;
    Now now{1'000, Machine::kNow};
    Actions out;
};

TEST_F(RelayTest, AsksAnActivePeerForItsPoolAndAnotherForNothing) {
    open(kAlice);
    open(kBob, false);
    EXPECT_EQ(sent<Mempool>(kAlice).size(), 1U);
    EXPECT_TRUE(sent<Mempool>(kBob).empty());
    inv(kBob, numbered(1, 3));
    EXPECT_TRUE(asked(kBob).empty());
    relay.set_active(kBob, true, now, out);
    EXPECT_EQ(sent<Mempool>(kBob).size(), 1U);
}

TEST_F(RelayTest, AsksInTheOrderOfTheAnnouncementAndInBatches) {
    open(kAlice);
    auto list = numbered(1, limits::kGetDataItems + 1);
    std::reverse(list.begin(), list.end());
    inv(kAlice, list);
    const auto messages = sent<GetData>(kAlice);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].items.size(), limits::kGetDataItems);
    for (std::size_t i = 0; i < list.size(); ++i)
        EXPECT_EQ(messages[i / limits::kGetDataItems].items[i % limits::kGetDataItems].hash,
                  digest_cast<Hash256>(list[i]));
}

TEST_F(RelayTest, BlocksInAnInventoryAreNotItsBusiness) {
    open(kAlice);
    relay.on_inv(kAlice, Inv{{{ItemKind::block, Hash256{}}}}, state(), now, out);
    EXPECT_TRUE(asked(kAlice).empty());
}

TEST_F(RelayTest, AsksOnePeerThenTheNextWhoAnnouncedIt) {
    open(kAlice);
    open(kBob);
    open(kCarol);
    inv(kAlice, numbered(1, 2));
    inv(kBob, numbered(1, 2));
    inv(kCarol, numbered(1, 2));
    EXPECT_EQ(asked(kAlice), numbered(1, 2));
    EXPECT_TRUE(asked(kBob).empty());
    relay.on_not_found(kAlice, numbered(1), state(), now, out);
    EXPECT_EQ(asked(kBob), numbered(1, 1));
    tick(limits::kTransferWithin);
    EXPECT_TRUE(asked(kBob).empty());
    tick(1);
    EXPECT_EQ(asked(kBob), numbered(2, 1));
    EXPECT_EQ(asked(kCarol), numbered(1, 1));
    relay.on_close(kBob, state(), now, out);
    EXPECT_EQ(asked(kCarol), numbered(2, 1));
    relay.on_not_found(kCarol, numbered(2), state(), now, out);
    relay.on_close(kCarol, state(), now, out);
    inv(kAlice, numbered(1, 2));
    EXPECT_EQ(asked(kAlice), numbered(1, 2));
}

TEST_F(RelayTest, WhatAPeerThatLeavesOwesIsAskedForInTheOrderOfItsAnnouncement) {
    open(kAlice);
    open(kBob);
    auto list = numbered(1, 20);
    std::reverse(list.begin(), list.end());
    inv(kAlice, list);
    inv(kBob, list);
    relay.on_close(kAlice, state(), now, out);
    EXPECT_EQ(asked(kBob), list);
}

TEST_F(RelayTest, DoesNotAskForWhatIsInThePoolOrTheChain) {
    const auto funded = [&] {
        ChainBuilder::Wish wish;
        wish.to = chain.keys().address(7);
        return chain.extend(chain.genesis(), wish);
    }();
    const auto mined = chain.transfer(funded->header.hash, 7, cairn::testing::nobody(1), 5);
    ChainBuilder::Wish wish;
    wish.transfers = {mined};
    machine.add(std::vector{funded, chain.extend(funded->header.hash, wish)});
    const auto waiting = chain.keys().transfer(*chain.params(), 7, 1, cairn::testing::nobody(1), 5);
    ASSERT_TRUE(pool.add(waiting, Account{1'000, 1}, {}, *machine.rows));
    open(kAlice);
    inv(kAlice, {mined->id(), waiting->id(), numbered(1)});
    EXPECT_EQ(asked(kAlice), numbered(1, 1));
}

TEST_F(RelayTest, ChecksWhatWasAskedForOnceAndNothingElse) {
    open(kAlice);
    open(kBob);
    body(kAlice, numbered(1));
    EXPECT_EQ(count<Check>(), 0U);
    inv(kAlice, numbered(1, 1));
    inv(kBob, numbered(1, 1));
    body(kAlice, numbered(1));
    EXPECT_EQ(count<Check>(), 1U);
    body(kAlice, numbered(1));
    body(kBob, numbered(1));
    EXPECT_EQ(count<Check>(), 1U);
    inv(kCarol, numbered(1, 1));
    tick(limits::kTransferWithin + 1);
    EXPECT_TRUE(asked(kBob).empty());  // it waits for its verdict
    verdict(kAlice, numbered(1));
    body(kBob, numbered(1));
    EXPECT_EQ(count<Check>(), 1U);
}

TEST_F(RelayTest, SoManyAreWantedOfAPeerAndTheRestIsComparedLater) {
    open(kAlice);
    (void)sent<Mempool>(kAlice);
    const auto list = numbered(1, limits::kAnnouncedTransfers + 1);
    inv(kAlice, list);
    EXPECT_EQ(asked(kAlice).size(), limits::kAnnouncedTransfers);
    for (std::size_t i = 0; i < limits::kAnnouncedTransfers; ++i) {
        EXPECT_FALSE(relay.idle(kAlice));
        EXPECT_TRUE(sent<Mempool>(kAlice).empty());
        body(kAlice, list[i]);
        verdict(kAlice, list[i]);
        out.clear();
        if (i + 2 == limits::kAnnouncedTransfers) break;
    }
    body(kAlice, list[limits::kAnnouncedTransfers - 1]);
    verdict(kAlice, list[limits::kAnnouncedTransfers - 1]);
    EXPECT_EQ(sent<Mempool>(kAlice).size(), 1U);
    inv(kAlice, {list.back()});
    EXPECT_EQ(asked(kAlice), std::vector{list.back()});
}

TEST_F(RelayTest, AComparisonThatGainedNothingIsNotRepeated) {
    open(kAlice);
    (void)sent<Mempool>(kAlice);
    const auto list = numbered(1, limits::kAnnouncedTransfers + 1);
    inv(kAlice, list);
    for (std::size_t i = 0; i < limits::kAnnouncedTransfers; ++i) {
        body(kAlice, list[i]);
        verdict(kAlice, list[i], Rule::fee_floor);
    }
    EXPECT_TRUE(sent<Mempool>(kAlice).empty());
    EXPECT_TRUE(relay.idle(kAlice));
}

TEST_F(RelayTest, WhatThePoolRefusedIsNoFaultAndNotAskedForUntilTheTipMoves) {
    open(kAlice);
    open(kBob);
    inv(kAlice, numbered(1, 1));
    body(kAlice, numbered(1));
    verdict(kAlice, numbered(1), Rule::overdraft);
    EXPECT_EQ(count<Close>(), 0U);
    (void)asked(kAlice);
    inv(kBob, numbered(1, 1));
    EXPECT_TRUE(asked(kBob).empty());
    relay.on_tip();
    inv(kBob, numbered(1, 1));
    EXPECT_EQ(asked(kBob), numbered(1, 1));
}

TEST_F(RelayTest, ATransferThatIsWrongInItselfClosesItsSender) {
    const std::map<Rule, bool> closes = {
        {Rule::malformed, true},      {Rule::signature, true},       {Rule::data_size, true},
        {Rule::amount_range, true},   {Rule::amount_positive, true}, {Rule::nonce_used, false},
        {Rule::overdraft, false},     {Rule::fee_floor, false},      {Rule::pool_full, false},
        {Rule::nonce_distant, false}, {Rule::already_known, false}};
    PeerId peer = 10;
    for (const auto& [rule, close] : closes) {
        out.clear();
        open(++peer);
        inv(peer, numbered(peer, 1));
        body(peer, numbered(peer));
        verdict(peer, numbered(peer), rule);
        EXPECT_EQ(count<Close>(), close ? 1U : 0U) << rule_name(rule);
    }
}

TEST_F(RelayTest, TheCheckOfAPeerThatLeftStillCounts) {
    open(kAlice);
    open(kBob);
    inv(kAlice, numbered(1, 1));
    inv(kBob, numbered(1, 1));
    body(kAlice, numbered(1));
    relay.on_close(kAlice, state(), now, out);
    EXPECT_TRUE(asked(kBob).empty());
    EXPECT_FALSE(relay.idle(kBob));
    verdict(kAlice, numbered(1));
    inv(kBob, std::vector<Txid>{});
    EXPECT_TRUE(relay.idle(kBob));
}

TEST_F(RelayTest, AnnouncesOncePerPeerAndNotToWhoKnowsAlready) {
    open(kAlice);
    open(kBob, false);
    inv(kAlice, numbered(1, 1));
    relay.announce(numbered(1, 2), now, out);
    EXPECT_EQ(told(kAlice), numbered(2, 1));
    EXPECT_EQ(told(kBob), numbered(1, 2));
    relay.announce(numbered(1, 3), now, out);
    EXPECT_EQ(told(kAlice), numbered(3, 1));
    EXPECT_EQ(told(kBob), numbered(3, 1));
}

TEST_F(RelayTest, AnAnnouncementIsEncodedOnceForAll) {
    open(kAlice, false);
    open(kBob, false);
    relay.announce(numbered(1, 3), now, out);
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(std::get<Send>(out[0]).frame, std::get<Send>(out[1]).frame);
}

TEST_F(RelayTest, ALargeAnnouncementIsSeveralFullMessages) {
    open(kAlice, false);
    relay.announce(numbered(1, limits::kInvItems + 1), now, out);
    const auto messages = sent<Inv>(kAlice);
    ASSERT_EQ(messages.size(), 2U);
    EXPECT_EQ(messages[0].items.size(), limits::kInvItems);
}

TEST_F(RelayTest, WhatIsHereByAnotherWayIsNotAskedOfTheNext) {
    open(kAlice);
    open(kBob);
    inv(kAlice, numbered(1, 1));
    inv(kBob, numbered(1, 1));
    relay.announce(numbered(1, 1), now, out);
    relay.on_close(kAlice, state(), now, out);
    EXPECT_TRUE(asked(kBob).empty());
}

TEST_F(RelayTest, IsIdleWhenThePoolWasToldAndEverythingHasCome) {
    open(kAlice);
    EXPECT_FALSE(relay.idle(kAlice));
    inv(kAlice, numbered(1, 1));
    EXPECT_FALSE(relay.idle(kAlice));
    body(kAlice, numbered(1));
    EXPECT_FALSE(relay.idle(kAlice));
    verdict(kAlice, numbered(1), Rule::overdraft);
    EXPECT_TRUE(relay.idle(kAlice));
}

TEST_F(RelayTest, AFullInventoryIsFollowedByAnother) {
    open(kAlice);
    inv(kAlice, std::vector<Txid>(limits::kInvItems, numbered(1)));
    relay.on_not_found(kAlice, numbered(1), state(), now, out);
    EXPECT_FALSE(relay.idle(kAlice));
    inv(kAlice, std::vector<Txid>{});
    EXPECT_TRUE(relay.idle(kAlice));
}

TEST_F(RelayTest, APeerThatDoesNotTellItsPoolIsNotWaitedForForEver) {
    open(kAlice);
    tick(limits::kTransferWithin);
    EXPECT_FALSE(relay.idle(kAlice));
    tick(1);
    EXPECT_TRUE(relay.idle(kAlice));
}

// Since protocol 2 a pool is told in pages.

TEST_F(RelayTest, APoolIsComparedPageByPage) {
    open(kAlice, true, 2);
    auto questions = sent<Mempool>(kAlice);
    ASSERT_EQ(questions.size(), 1U);
    ASSERT_TRUE(questions[0].page);
    EXPECT_EQ(questions[0].page->after, Txid{});
    const std::size_t limit = questions[0].page->limit;
    page(kAlice, numbered(1, limit), true);
    EXPECT_EQ(asked(kAlice), numbered(1, limit));
    // The next is asked for at once, as long as there is room for it.
    questions = sent<Mempool>(kAlice);
    ASSERT_EQ(questions.size(), 1U);
    EXPECT_EQ(questions[0].page->after, numbered(limit));
    page(kAlice, numbered(limit + 1, 3));
    EXPECT_EQ(asked(kAlice), numbered(limit + 1, 3));
    EXPECT_TRUE(sent<Mempool>(kAlice).empty());
    EXPECT_FALSE(relay.idle(kAlice));
    for (std::size_t i = 1; i <= limit + 3; ++i) {
        body(kAlice, numbered(i));
        verdict(kAlice, numbered(i));
    }
    EXPECT_TRUE(relay.idle(kAlice));
}

TEST_F(RelayTest, NoMoreOfAPoolIsAskedForThanThereIsRoomFor) {
    open(kAlice, true, 2);
    const std::size_t limit = sent<Mempool>(kAlice).at(0).page->limit;
    const std::size_t pages = 2;
    for (std::size_t i = 0; i < pages; ++i) page(kAlice, numbered(1 + i * limit, limit), true);
    EXPECT_EQ(asked(kAlice).size(), pages * limit);
    EXPECT_EQ(sent<Mempool>(kAlice).size(), pages - 1);
    for (std::size_t i = 1; i < limit; ++i) {
        body(kAlice, numbered(i));
        verdict(kAlice, numbered(i));
        EXPECT_TRUE(sent<Mempool>(kAlice).empty());
    }
    relay.on_not_found(kAlice, numbered(limit), state(), now, out);
    EXPECT_EQ(sent<Mempool>(kAlice).size(), 1U);
}

/// A block takes what was wanted before it came: the comparison goes on all the same.
TEST_F(RelayTest, AComparisonOutlivesABlockThatTakesTheWantedFirst) {
    for (const std::uint32_t protocol : {1U, 2U}) {
        const PeerId peer = 10 + protocol;
        open(peer, true, protocol);
        const std::size_t before = sent<Mempool>(peer).size();
        ASSERT_EQ(before, 1U);
        const auto list = numbered(100'000 * protocol, limits::kAnnouncedTransfers + 1);
        if (protocol == 1) {
            inv(peer, list);
        } else {
            for (long from = 0; from < 2'000; from += 1'000)
                page(peer, {list.begin() + from, list.begin() + from + 1'000}, true);
            (void)sent<Mempool>(peer);
        }
        relay.on_tip();
        const std::size_t wanted = protocol == 1 ? limits::kAnnouncedTransfers : 2'000;
        for (std::size_t i = 0; i < wanted; ++i)
            relay.on_not_found(peer, list[i], state(), now, out);
        EXPECT_EQ(sent<Mempool>(peer).size(), 1U) << protocol;
        EXPECT_FALSE(relay.idle(peer));
    }
}

TEST_F(RelayTest, APoolThatGrowsWhileItIsToldIsToldOnce) {
    open(kAlice, true, 2);
    (void)sent<Mempool>(kAlice);
    page(kAlice, numbered(10, 2), true);
    inv(kAlice, numbered(5, 1));  // news in between, and an id below the cursor
    EXPECT_EQ(asked(kAlice), (std::vector{numbered(10), numbered(11), numbered(5)}));
    page(kAlice, {});
    for (const std::size_t i : {10, 11, 5}) {
        body(kAlice, numbered(i));
        verdict(kAlice, numbered(i));
    }
    EXPECT_TRUE(relay.idle(kAlice));
}

TEST_F(RelayTest, AnAnswerThatIsNoneEndsTheConnection) {
    const auto closes = [&](PeerId peer, const PoolInv& answer) {
        open(peer, true, 2);
        page(peer, numbered(10, 2), true);
        out.clear();
        relay.on_pool_inv(peer, answer, state(), now, out);
        const auto count_now = count<Close>();
        relay.on_close(peer, state(), now, out);
        return count_now == 1U;
    };
    EXPECT_TRUE(closes(11, PoolInv{false, numbered(11, 1)}));  // told already
    EXPECT_TRUE(closes(12, PoolInv{false, numbered(5, 1)}));
    EXPECT_TRUE(closes(13, PoolInv{true, {}}));  // more, and nothing
    EXPECT_TRUE(closes(14, PoolInv{true, numbered(20, 1'001)}));
    EXPECT_FALSE(closes(15, PoolInv{false, numbered(12, 1)}));
    EXPECT_FALSE(closes(16, PoolInv{false, {}}));
}

TEST_F(RelayTest, WhatNobodyAskedForIsNoAnswer) {
    open(kAlice, false, 2);
    page(kAlice, numbered(1, 3));
    EXPECT_TRUE(out.empty());
    open(kBob, true, 1);
    out.clear();
    page(kBob, numbered(1, 3));
    EXPECT_TRUE(out.empty());
}

TEST_F(RelayTest, APoolThatIsNotToldIsAskedForAgainLater) {
    open(kAlice, true, 2);
    (void)sent<Mempool>(kAlice);
    tick(limits::kTransferWithin + 1);
    EXPECT_TRUE(relay.idle(kAlice));
    compare_due();
    EXPECT_TRUE(sent<Mempool>(kAlice).empty());
    tick(10'000);
    compare_due();
    EXPECT_EQ(sent<Mempool>(kAlice).size(), 1U);
}

TEST_F(RelayTest, WhatABusyPeerDidNotSendIsFoundAgainInItsPool) {
    open(kAlice, true, 2);
    page(kAlice, numbered(1, 3));
    (void)asked(kAlice);
    (void)sent<Mempool>(kAlice);
    tick(limits::kTransferWithin + 1);
    EXPECT_TRUE(relay.idle(kAlice));
    compare_due();
    ASSERT_EQ(sent<Mempool>(kAlice).size(), 1U);
    page(kAlice, numbered(1, 3));
    EXPECT_EQ(asked(kAlice), numbered(1, 3));
}

TEST_F(RelayTest, QuestionsWithoutAnAnswerAreTakenBackInSlices) {
    constexpr std::size_t kMany = 3'500;
    open(kAlice);
    open(kBob);
    inv(kAlice, numbered(1, kMany));
    inv(kBob, numbered(1, kMany));
    // Those that are being checked stand in nobody's way.
    for (const auto& id : numbered(1, 1'500)) body(kAlice, id);
    (void)asked(kAlice);
    EXPECT_FALSE(relay.has_more());
    tick(limits::kTransferWithin + 1);
    EXPECT_EQ(asked(kBob), numbered(1'501, 1'000));
    EXPECT_TRUE(relay.has_more());
    relay.go_on(now, out);
    EXPECT_EQ(asked(kBob), numbered(2'501, 1'000));
    EXPECT_FALSE(relay.has_more());
    EXPECT_FALSE(relay.idle(kAlice));
    tick(60'000 - limits::kTransferWithin);
    while (relay.has_more()) relay.go_on(now, out);
    EXPECT_TRUE(relay.idle(kAlice)) << "a check whose verdict was lost";
}

TEST_F(RelayTest, SoManyPoolsAreComparedAtOnce) {
    for (PeerId peer = 11; peer <= 16; ++peer) open(peer, true, 2);
    std::size_t questions = 0;
    for (PeerId peer = 11; peer <= 16; ++peer) questions += sent<Mempool>(peer).size();
    EXPECT_EQ(questions, 4U);
    page(11, {});
    compare_due();
    EXPECT_EQ(sent<Mempool>(15).size(), 1U);
    relay.on_close(12, state(), now, out);
    compare_due();
    EXPECT_EQ(sent<Mempool>(16).size(), 1U);
}

/// Guests that tell pools without end keep nobody else's from being compared.
TEST_F(RelayTest, WhoTellsAPoolWithoutEndMakesWayAfterAWhile) {
    for (PeerId peer = 11; peer <= 14; ++peer) open(peer, true, 2);
    open(15, true, 2);
    open(16, true, 2, true);  // the operator named it
    EXPECT_TRUE(sent<Mempool>(15).empty());
    EXPECT_EQ(sent<Mempool>(16).size(), 1U);
    std::size_t told = 1;
    for (Tick passed = 0; passed <= 60'000; passed += 5'000) {
        for (PeerId peer = 11; peer <= 14; ++peer) {
            (void)sent<Mempool>(peer);
            page(peer, numbered(peer * 1'000'000 + told, 1), true);
        }
        ++told;
        for (PeerId peer = 11; peer <= 14; ++peer)
            for (const auto& id : asked(peer)) relay.on_not_found(peer, id, state(), now, out);
        tick(5'000);
        compare_due();
    }
    EXPECT_EQ(sent<Mempool>(15).size(), 1U);
    page(15, {});
    tick(10'000);
    compare_due();
    // Its turn comes again, and goes on where it was.
    std::set<Txid> resumed;
    for (PeerId peer = 11; peer <= 14; ++peer)
        for (const auto& question : sent<Mempool>(peer)) resumed.insert(question.page->after);
    EXPECT_FALSE(resumed.empty());
    EXPECT_FALSE(resumed.contains(Txid{}));
}

TEST_F(RelayTest, GuestsAreAskedForPagesAtABoundedPace) {
    open(kAlice, true, 2);
    std::size_t pages = 0;
    const auto tell = [&] {
        for (auto questions = sent<Mempool>(kAlice); !questions.empty();
             questions = sent<Mempool>(kAlice)) {
            ++pages;
            page(kAlice, {numbered(pages)}, true);
            for (const auto& id : asked(kAlice)) relay.on_not_found(kAlice, id, state(), now, out);
        }
    };
    tell();
    const std::size_t at_once = pages;
    EXPECT_LE(at_once, 80U);
    for (int i = 0; i < 40; ++i) {
        tick(250);
        tell();
    }
    EXPECT_LE(pages, at_once + 10 * 40 + 1);
    EXPECT_GE(pages, at_once + 9 * 40);
}

/// When the chain has caught up, everybody's pool is compared again.
TEST_F(RelayTest, AfterCatchingUpAllPoolsAreDue) {
    open(kAlice, true, 2);
    page(kAlice, {});
    (void)sent<Mempool>(kAlice);
    EXPECT_TRUE(relay.due(now).empty());
    relay.compare_all();
    now.steady += 10'000;
    EXPECT_EQ(relay.due(now), std::vector{kAlice});
}

TEST_F(RelayTest, WhatABlockMayMakePossibleIsAskedForAfterIt) {
    open(kAlice, true, 2);
    page(kAlice, numbered(1, 1));
    body(kAlice, numbered(1));
    verdict(kAlice, numbered(1), Rule::overdraft);
    now.steady += 10'000;
    EXPECT_TRUE(relay.due(now).empty());
    relay.on_tip();
    EXPECT_EQ(relay.due(now), std::vector{kAlice});
    compare_due();
    page(kAlice, numbered(1, 1));
    EXPECT_EQ(asked(kAlice).size(), 2U);
    body(kAlice, numbered(1));
    verdict(kAlice, numbered(1), Rule::fee_floor);
    now.steady += 10'000;
    relay.on_tip();
    EXPECT_TRUE(relay.due(now).empty());  // no block cures that
}

/// A pool is told by id, and taken by nonce.
TEST_F(RelayTest, TransfersWhoseTurnIsFarAreAskedForAgainInTheirOrder) {
    constexpr std::uint64_t kMany = 200;
    std::vector<TransferPtr> all;
    for (std::uint64_t nonce = 0; nonce < kMany; ++nonce)
        all.push_back(
            chain.keys().transfer(*chain.params(), 7, nonce, cairn::testing::nobody(1), 1));
    std::map<Txid, TransferPtr> by_id;
    for (const auto& transfer : all) by_id.emplace(transfer->id(), transfer);
    const Account rich{1'000'000, 0};
    open(kAlice, true, 2);
    (void)sent<Mempool>(kAlice);
    std::vector<Txid> ids;
    for (const auto& [id, transfer] : by_id) ids.push_back(id);
    page(kAlice, ids);
    std::size_t bodies = 0;
    for (auto wanted = asked(kAlice); !wanted.empty(); wanted = asked(kAlice)) {
        bodies += wanted.size();
        for (const auto& id : wanted) {
            const auto& transfer = by_id.at(id);
            relay.on_transfer(kAlice, TransferBody{id, transfer->bytes()}, state(), now, out);
            const auto added = pool.add(transfer, rich, now, *machine.rows);
            relay.on_verdict(kAlice, id, transfer,
                             added ? std::nullopt : std::optional{added.error()}, state(), now,
                             out);
        }
    }
    EXPECT_EQ(pool.size(now).transfers, kMany);
    EXPECT_LE(bodies, 2 * kMany);
    EXPECT_TRUE(relay.idle(kAlice));
}

TEST_F(RelayTest, WhatCameBackOutOfManyBlocksIsAnnouncedByAndBy) {
    std::vector<Txid> back;
    for (std::uint64_t nonce = 0; nonce < 5'000; ++nonce) {
        const auto transfer =
            chain.keys().transfer(*chain.params(), 7, nonce, cairn::testing::nobody(1), 1);
        ASSERT_TRUE(pool.add(transfer, Account{1'000'000, 0}, now, *machine.rows));
        back.push_back(transfer->id());
    }
    open(kAlice, false, 2);
    relay.announce_again(back, state(), out);
    std::vector<Txid> all = told(kAlice);
    EXPECT_LE(all.size(), 2'000U);
    for (int i = 0; i < 2; ++i) {
        tick(250);
        const auto more = told(kAlice);
        EXPECT_LE(more.size(), 2'000U);
        all.insert(all.end(), more.begin(), more.end());
    }
    EXPECT_EQ(all, back);
}

TEST(KnownItems, ForgetTheOldestWhenFull) {
    KnownItems known{3};
    for (std::size_t i = 1; i <= 3; ++i) EXPECT_TRUE(known.insert(numbered(i)));
    EXPECT_FALSE(known.insert(numbered(1)));
    EXPECT_TRUE(known.insert(numbered(4)));
    EXPECT_EQ(known.size(), 3U);
    EXPECT_FALSE(known.contains(numbered(1)));
    EXPECT_TRUE(known.contains(numbered(2)));
}

TEST(KnownItems, KeepTheLastOfALongStream) {
    constexpr std::size_t kMost = 1'000;
    KnownItems known{kMost};
    std::uint64_t state = 1;
    std::deque<Txid> last;
    for (int i = 0; i < 20'000; ++i) {
        Txid id;
        for (auto& byte : id.bytes) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            byte = static_cast<std::uint8_t>(state >> 56);
        }
        ASSERT_TRUE(known.insert(id));
        last.push_back(id);
        if (last.size() > kMost) {
            ASSERT_FALSE(known.contains(last.front()));
            last.pop_front();
        }
        if (i % 500 == 0) {
            for (const auto& one : last) ASSERT_TRUE(known.contains(one)) << i;
        }
    }
    EXPECT_EQ(known.size(), kMost);
    known.clear();
    EXPECT_FALSE(known.contains(last.back()));
    EXPECT_TRUE(known.insert(last.back()));
}

}  // namespace
}  // namespace cairn::net
