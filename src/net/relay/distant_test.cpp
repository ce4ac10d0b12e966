#include "net/relay/distant.hpp"

#include <gtest/gtest.h>

namespace cairn::net {
namespace {

Address sender_of(std::uint8_t number) {
    Address sender;
    sender.bytes[0] = number;
    return sender;
}
Distant::Entry far(std::uint64_t nonce, PeerId peer = 1) {
    Distant::Entry entry{nonce, peer, {}};
    entry.id.bytes[0] = static_cast<std::uint8_t>(nonce);
    entry.id.bytes[1] = static_cast<std::uint8_t>(nonce >> 8);
    return entry;
}
std::vector<std::uint64_t> nonces(const std::vector<Distant::Entry>& entries) {
    std::vector<std::uint64_t> list;
    for (const auto& entry : entries) list.push_back(entry.nonce);
    return list;
}

TEST(Distant, GivesBackByNonceWhateverTheOrderOfTheIds) {
    Distant distant;
    for (const std::uint64_t nonce : {90, 70, 80, 100})
        EXPECT_TRUE(distant.note(sender_of(1), far(nonce)));
    EXPECT_TRUE(distant.note(sender_of(2), far(75)));
    EXPECT_EQ(distant.first(sender_of(1)), 70u);
    EXPECT_FALSE(distant.first(sender_of(3)));
    EXPECT_EQ(nonces(distant.take(sender_of(1), 90)), (std::vector<std::uint64_t>{70, 80, 90}));
    EXPECT_EQ(nonces(distant.take(sender_of(1), 1'000)), (std::vector<std::uint64_t>{100}));
    EXPECT_TRUE(distant.take(sender_of(1), 1'000).empty());
    EXPECT_EQ(distant.size(), 1u);
}

TEST(Distant, OneNonceIsKeptOnce) {
    Distant distant;
    EXPECT_TRUE(distant.note(sender_of(1), far(70, 1)));
    EXPECT_TRUE(distant.note(sender_of(1), far(70, 2)));
    EXPECT_EQ(distant.size(), 1u);
    EXPECT_EQ(distant.take(sender_of(1), 70).at(0).peer, 2u);
}

TEST(Distant, IsBoundedBySenderAndInAll) {
    Distant distant;
    for (std::uint64_t i = 0; i < Distant::kMostOfSender; ++i)
        ASSERT_TRUE(distant.note(sender_of(1), far(i)));
    EXPECT_FALSE(distant.note(sender_of(1), far(Distant::kMostOfSender)));
    EXPECT_TRUE(distant.note(sender_of(2), far(1)));
}

TEST(Distant, WhatAPeerHadLeavesWithIt) {
    Distant distant;
    EXPECT_TRUE(distant.note(sender_of(1), far(70, 1)));
    EXPECT_TRUE(distant.note(sender_of(1), far(71, 2)));
    EXPECT_TRUE(distant.note(sender_of(2), far(72, 1)));
    distant.leave(1);
    EXPECT_EQ(distant.size(), 1u);
    EXPECT_EQ(distant.senders_after(std::nullopt, 9), std::vector{sender_of(1)});
    EXPECT_TRUE(distant.senders_after(sender_of(1), 9).empty());
}

}  // namespace
}  // namespace cairn::net
