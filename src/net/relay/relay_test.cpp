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
    void open(PeerId peer, bool active = true) { relay.on_open(peer, active, now, out); }
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
        relay.on_verdict(peer, id, refused, state(), now, out);
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
            const auto message = decode(*send->frame, 1024 * 1024);
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
    relay.on_tip(now);
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

TEST(KnownItems, ForgetTheOldestWhenFull) {
    KnownItems known{3};
    for (std::size_t i = 1; i <= 3; ++i) EXPECT_TRUE(known.insert(numbered(i)));
    EXPECT_FALSE(known.insert(numbered(1)));
    EXPECT_TRUE(known.insert(numbered(4)));
    EXPECT_EQ(known.size(), 3U);
    EXPECT_FALSE(known.contains(numbered(1)));
    EXPECT_TRUE(known.contains(numbered(2)));
}

}  // namespace
}  // namespace cairn::net
