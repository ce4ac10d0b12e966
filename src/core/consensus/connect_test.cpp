#include "core/consensus/connect.hpp"

#include <gtest/gtest.h>

#include "core/testing/keys.hpp"

namespace cairn {
namespace {

using testing::easy_spec;
using testing::Keys;
using testing::nobody;

constexpr std::uint64_t kCap = Amount::kMaxUnits;

class Connect : public ::testing::Test {
protected:
    Connect() {
        spec_.subsidy = 1000;
        spec_.halving_interval = 10;
    }
    TransferPtr transfer(std::uint64_t from, std::uint64_t nonce, const Address& to,
                         std::uint64_t amount, std::uint64_t fee = 0) {
        return keys_.transfer(*params_, from, nonce, to, amount, fee);
    }
    Result<Connected, Rejection> connect(std::uint64_t reward) {
        CheckedBlock block;
        block.transfers = transfers_;
        block.reward = {height_, to_, reward, {}};
        AccountSet accounts;
        for (const auto& who : touched(block)) {
            const auto known = before_.find(who);
            accounts.emplace(who,
                             known == before_.end() ? std::nullopt : std::optional{known->second});
        }
        return connect_block(block, accounts, {2, issued_}, spec_);
    }
    Rule refused(std::uint64_t reward) {
        const auto result = connect(reward);
        EXPECT_FALSE(result);
        return result ? Rule::malformed : result.error().rule;
    }
    static std::optional<Account> after(const Connected& connected, const Address& who) {
        for (const auto& [address, account] : connected.after)
            if (address == who) return account;
        return std::nullopt;
    }

    ChainSpec spec_ = easy_spec();
    std::shared_ptr<const ChainParams> params_ = testing::params_of(easy_spec());
    Keys keys_;
    std::map<Address, Account> before_;
    std::vector<TransferPtr> transfers_;
    Address to_ = nobody(1);
    Height height_ = 2;
    std::uint64_t issued_ = 0;
};

TEST_F(Connect, Rule9DebitsCreditsAndCounts) {
    const Address sender = keys_.address(1);
    before_[sender] = {100, 7};
    transfers_ = {transfer(1, 7, nobody(2), 30, 4), transfer(1, 8, nobody(2), 5)};
    const auto result = connect(1004);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(after(*result, sender), (Account{61, 9}));
    EXPECT_EQ(after(*result, nobody(2)), (Account{35, 0}));
    EXPECT_EQ(after(*result, to_), (Account{1004, 0}));
    EXPECT_EQ(result->issued, 1000u);
    EXPECT_EQ(result->before.size(), 3u);
    for (const auto& [address, account] : result->before) {
        const std::optional<Account> was =
            address == sender ? std::optional{Account{100, 7}} : std::nullopt;
        EXPECT_EQ(account, was);
    }
}

TEST_F(Connect, Rule9TheNonceIsTheAccounts) {
    before_[keys_.address(1)] = {100, 7};
    for (const std::uint64_t nonce : {6u, 8u}) {
        transfers_ = {transfer(1, nonce, nobody(2), 30)};
        EXPECT_EQ(refused(1000), Rule::nonce);
    }
    transfers_ = {transfer(1, 7, nobody(2), 30), transfer(1, 7, nobody(3), 30)};
    EXPECT_EQ(refused(1000), Rule::nonce);
}

TEST_F(Connect, Rule9TheBalanceCoversAmountAndFee) {
    before_[keys_.address(1)] = {100, 0};
    transfers_ = {transfer(1, 0, nobody(2), 97, 3)};
    EXPECT_TRUE(connect(1003));
    transfers_ = {transfer(1, 0, nobody(2), 97, 4)};
    EXPECT_EQ(refused(1004), Rule::overdraft);
    transfers_ = {transfer(2, 0, nobody(2), 1)};
    EXPECT_EQ(refused(1000), Rule::overdraft);  // never seen, and nothing is given for that
}

TEST_F(Connect, Rule9OrderDecides) {
    before_[keys_.address(1)] = {100, 0};
    const auto pays = transfer(1, 0, keys_.address(2), 50);
    const auto spends = transfer(2, 0, nobody(3), 50);
    transfers_ = {pays, spends};
    EXPECT_TRUE(connect(1000));
    transfers_ = {spends, pays};
    EXPECT_EQ(refused(1000), Rule::overdraft);
}

TEST_F(Connect, Rule9ATransferToOneselfLosesOnlyTheFee) {
    const Address self = keys_.address(1);
    before_[self] = {100, 0};
    transfers_ = {transfer(1, 0, self, 97, 3)};
    const auto result = connect(1003);
    ASSERT_TRUE(result);
    EXPECT_EQ(after(*result, self), (Account{97, 1}));
    transfers_ = {transfer(1, 0, self, 98, 3)};
    EXPECT_EQ(refused(1003), Rule::overdraft);
}

TEST_F(Connect, Rule9SenderAndRecipientAreOpenedIfNeverSeen) {
    spec_.opening = 100;
    transfers_ = {transfer(1, 0, nobody(2), 60, 5), transfer(1, 1, nobody(2), 30)};
    const auto result = connect(1005);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(after(*result, keys_.address(1)), (Account{5, 2}));
    EXPECT_EQ(after(*result, nobody(2)), (Account{190, 0}));
    EXPECT_EQ(after(*result, to_), (Account{1105, 0}));
    EXPECT_EQ(result->issued, 300u + 1000u);
}

TEST_F(Connect, Rule9AnAccountThatIsEmptyWasStillSeen) {
    spec_.opening = 100;
    before_[keys_.address(1)] = {0, 0};
    transfers_ = {transfer(1, 0, nobody(2), 1)};
    EXPECT_EQ(refused(1000), Rule::overdraft);
}

TEST_F(Connect, Rule10TheHeightIsTheBlocks) {
    for (const Height height : {1u, 3u}) {
        height_ = height;
        EXPECT_EQ(refused(1000), Rule::reward_height);
    }
}

TEST_F(Connect, Rule10TheAmountIsSubsidyPlusFeesExactly) {
    before_[keys_.address(1)] = {100, 0};
    transfers_ = {transfer(1, 0, nobody(2), 1, 5), transfer(1, 1, nobody(2), 1, 6)};
    EXPECT_TRUE(connect(1011));
    EXPECT_EQ(refused(1010), Rule::reward_amount);
    EXPECT_EQ(refused(1012), Rule::reward_amount);
    EXPECT_EQ(refused(UINT64_MAX), Rule::reward_amount);
}

TEST_F(Connect, Rule10TheRewardCannotBeSpentInItsOwnBlock) {
    to_ = keys_.address(1);
    transfers_ = {transfer(1, 0, nobody(2), 1)};
    EXPECT_EQ(refused(1000), Rule::overdraft);
}

TEST_F(Connect, Rule10TheSubsidyIsCutAtTheCap) {
    issued_ = kCap - 1000;
    EXPECT_TRUE(connect(1000));
    issued_ = kCap - 999;
    EXPECT_EQ(refused(1000), Rule::reward_amount);
    const auto result = connect(999);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->issued, kCap);
    issued_ = kCap;
    EXPECT_TRUE(connect(0));
    EXPECT_EQ(refused(1), Rule::reward_amount);
}

// Openings of the transfers come first, then the subsidy, then the opening of the reward's
// recipient.
TEST_F(Connect, NextToTheCapOpeningsOfTransfersComeBeforeTheSubsidyAndThatBeforeTheRecipients) {
    spec_.opening = 100;
    before_[keys_.address(1)] = {10, 0};
    transfers_ = {transfer(1, 0, nobody(2), 1), transfer(1, 1, nobody(3), 1)};
    issued_ = kCap - 150;
    auto result = connect(0);
    ASSERT_TRUE(result) << result.error().to_string();
    EXPECT_EQ(after(*result, nobody(2)), (Account{101, 0}));
    EXPECT_EQ(after(*result, nobody(3)), (Account{51, 0}));
    EXPECT_EQ(after(*result, to_), (Account{0, 0}));
    EXPECT_EQ(result->issued, kCap);

    issued_ = kCap - 200 - 1000 - 30;
    result = connect(1000);
    ASSERT_TRUE(result);
    EXPECT_EQ(after(*result, to_), (Account{1030, 0}));
    EXPECT_EQ(result->issued, kCap);

    issued_ = kCap - 200 - 400;
    result = connect(400);
    ASSERT_TRUE(result);
    EXPECT_EQ(after(*result, to_), (Account{400, 0}));
}

TEST_F(Connect, AnAccountThatEndsAsItBeganIsNoChange) {
    before_[nobody(1)] = {5, 0};
    spec_.subsidy = 0;
    const auto result = connect(0);
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->after.empty());
    EXPECT_TRUE(result->before.empty());
}

TEST_F(Connect, TouchedNamesEachAccountOnce) {
    CheckedBlock block;
    block.transfers = {transfer(1, 0, nobody(2), 1), transfer(1, 1, keys_.address(1), 1)};
    block.reward.recipient = nobody(2);
    EXPECT_EQ(touched(block).size(), 2u);
}

TEST_F(Connect, TheRewardOfWhatIsConnectableIsTheOneThatHolds) {
    spec_.opening = 100;
    before_[keys_.address(1)] = {10, 0};
    transfers_ = {transfer(1, 0, nobody(2), 1, 3)};
    const AccountSet accounts{{keys_.address(1), Account{10, 0}}, {nobody(2), std::nullopt}};
    for (const std::uint64_t left : {2000u, 500u, 100u, 20u, 0u}) {
        issued_ = kCap - left;
        const auto all = connectable(transfers_, accounts, {2, issued_}, spec_);
        EXPECT_EQ(all.transfers, transfers_);
        EXPECT_TRUE(all.refused.empty());
        EXPECT_TRUE(connect(all.reward)) << left;
        EXPECT_FALSE(connect(all.reward + 1));
    }
}

TEST_F(Connect, WhatDoesNotConnectIsLeftOutWithItsSendersNextAndAllElseStays) {
    spec_.opening = 100;
    before_[keys_.address(1)] = {10, 0};
    // Number 3 was never opened: next to the cap its opening is not what it spends.
    const auto first = transfer(1, 0, nobody(2), 1, 3);
    const auto bad = transfer(3, 0, nobody(4), 90, 1);
    const auto behind_bad = transfer(3, 1, nobody(4), 1, 1);
    const auto second = transfer(1, 1, nobody(2), 1, 2);
    AccountSet accounts{{keys_.address(1), Account{10, 0}},
                        {nobody(2), std::nullopt},
                        {keys_.address(3), std::nullopt},
                        {nobody(4), std::nullopt}};
    issued_ = kCap - 120;  // 100 of it open number 2
    const auto some = connectable({first, bad, behind_bad, second}, accounts, {2, issued_}, spec_);
    EXPECT_EQ(some.transfers, (std::vector{first, second}));
    ASSERT_EQ(some.refused.size(), 1u);
    EXPECT_EQ(some.refused[0].first, bad);
    EXPECT_EQ(some.refused[0].second.rule, Rule::overdraft);
    // What was left out opened nobody: all that is left is the subsidy's.
    EXPECT_EQ(some.reward, 20u + 5u);
    transfers_ = some.transfers;
    EXPECT_TRUE(connect(some.reward));
}

TEST_F(Connect, ACapIsNearWhereOpeningsCouldReachIt) {
    spec_.opening = 0;
    EXPECT_FALSE(is_near_cap(1'000'000, {2, kCap}, spec_));
    spec_.opening = 100;
    const std::uint64_t subsidy = subsidy_at(spec_, 2, 0);
    EXPECT_FALSE(is_near_cap(5, {2, kCap - subsidy - 1000}, spec_));
    EXPECT_TRUE(is_near_cap(6, {2, kCap - subsidy - 1000}, spec_));
    EXPECT_TRUE(is_near_cap(0, {2, kCap - subsidy}, spec_));
    EXPECT_TRUE(is_near_cap(1, {2, kCap}, spec_));
}

TEST(Subsidy, HalvesWithEachEraAndIsGoneFromEra64On) {
    ChainSpec spec = easy_spec();
    spec.subsidy = 1000;
    spec.halving_interval = 10;
    EXPECT_EQ(subsidy_at(spec, 1, 0), 1000u);
    EXPECT_EQ(subsidy_at(spec, 10, 0), 1000u);
    EXPECT_EQ(subsidy_at(spec, 11, 0), 500u);
    EXPECT_EQ(subsidy_at(spec, 20, 0), 500u);
    EXPECT_EQ(subsidy_at(spec, 91, 0), 1u);
    EXPECT_EQ(subsidy_at(spec, 101, 0), 0u);
    spec.subsidy = kCap;
    spec.halving_interval = 1;
    for (Height era = 0; era <= 70; ++era)
        EXPECT_EQ(subsidy_at(spec, era + 1, 0), era < 64 ? kCap >> era : 0u) << era;
    EXPECT_EQ(subsidy_at(spec, UINT64_MAX, 0), 0u);
}

TEST(ConnectGenesis, AddsEachAllocationToTheOpeningOfItsRecipient) {
    ChainSpec spec = easy_spec();
    spec.opening = 7;
    spec.allocations = {{nobody(2), 10}, {nobody(1), 0}};
    const auto state = connect_genesis(*ChainParams::make(spec));
    EXPECT_EQ(state.issued, 24u);
    ASSERT_EQ(state.after.size(), 2u);
    EXPECT_EQ(state.after[0], (std::pair{nobody(1), Account{7, 0}}));
    EXPECT_EQ(state.after[1], (std::pair{nobody(2), Account{17, 0}}));
    EXPECT_TRUE(connect_genesis(*ChainParams::make(easy_spec())).after.empty());
}

}  // namespace
}  // namespace cairn
