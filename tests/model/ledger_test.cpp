#include "model/ledger.hpp"

#include <gtest/gtest.h>

#include "model/builder.hpp"
#include "model/export_file.hpp"

namespace model {
namespace {

const Key kAlice{1};
const Key kBob{2};

Spec plain() {  // dev without openings: what an account holds was sent to it
    Spec spec = *built_in("dev");
    spec.opening = 0;
    spec.future_limit = 7200;
    return spec;
}

/// A chain whose tip paid alice one reward.
Chain funded(const Spec& spec = plain()) {
    Chain chain{spec};
    Draft draft{chain};
    draft.reward.recipient = kAlice.address;
    EXPECT_EQ(rule(chain.connect(draft.mine())), -1);
    return chain;
}

int rule_of(const Chain& chain, Draft draft, std::optional<std::uint64_t> now = {}) {
    Chain copy = chain;
    return rule(copy.connect(draft.mine(), now));
}

TEST(Spec, RoundTripsThroughItsCanonicalEncoding) {
    for (const auto* name : {"main", "steady", "dev"}) {
        const auto bytes = canonical(*built_in(name));
        const auto decoded = decode_spec(bytes);
        ASSERT_TRUE(decoded);
        EXPECT_EQ(canonical(*decoded), bytes);
        EXPECT_EQ(unworkable_field(*decoded), "");
    }
}

TEST(Spec, NamesTheFieldThatCannotWork) {
    const auto broken = [](auto change) {
        Spec spec = *built_in("dev");
        change(spec);
        return unworkable_field(spec);
    };
    EXPECT_EQ(broken([](Spec& s) { s.halving_interval = 0; }), "halving_interval");
    EXPECT_EQ(broken([](Spec& s) { s.prefix = std::string(31, 'a'); }), "");
    EXPECT_EQ(broken([](Spec& s) { s.prefix = std::string(32, 'a'); }), "prefix");
    EXPECT_EQ(broken([](Spec& s) { s.bits = 0x1f00ffff; }), "");
    EXPECT_EQ(broken([](Spec& s) { s.bits = 0x20001234; }), "bits");
    EXPECT_EQ(broken([](Spec& s) { s.max_block = 32U << 20; }), "");
    EXPECT_EQ(broken([](Spec& s) { s.max_block = (32U << 20) + 1; }), "max_block");
    EXPECT_EQ(broken([](Spec& s) { s.max_block = 162; }), "max_block");
    EXPECT_EQ(broken([](Spec& s) { s.max_block = 163; }), "");
    EXPECT_EQ(broken([](Spec& s) { s.spacing = 1; }), "spacing");
    EXPECT_EQ(broken([](Spec& s) {
                  s.allocations = {{kAlice.address, 1}, {kAlice.address, 1}};
              }),
              "allocations");
    EXPECT_EQ(broken([](Spec& s) { s.allocations = {{kAlice.address, kCap - 100 * kCoin}}; }), "");
    EXPECT_EQ(broken([](Spec& s) {
                  s.allocations = {{kAlice.address, kCap - 100 * kCoin + 1}};
              }),
              "allocations");
}

TEST(Genesis, CommitsToTheSpecAndOpensTheAllocations) {
    Spec spec = *built_in("dev");
    spec.allocations = {{kAlice.address, 7}};
    const Chain chain{spec};
    EXPECT_NE(chain.genesis(), Chain{*built_in("dev")}.genesis());
    EXPECT_EQ(chain.state().accounts.size(), 1U);
    EXPECT_EQ(chain.state().accounts.at(kAlice.address).balance, 100 * kCoin + 7);
    EXPECT_EQ(chain.state().issued, 100 * kCoin + 7);
    EXPECT_TRUE(Chain{*built_in("dev")}.state().accounts.empty());
}

TEST(Decoding, TakesNothingThatWouldBeEncodedOtherwise) {
    const Chain chain = funded();
    const Bytes good = Draft{chain}.mine();
    EXPECT_TRUE(decode_block(good));
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(decode_block(View{good}.first(size)));
    Bytes longer = good;
    longer.push_back(0);
    EXPECT_FALSE(decode_block(longer));
    Bytes wide_count = good;  // the count 1 as fd 01 00
    wide_count[80] = 0xfd;
    wide_count.insert(wide_count.begin() + 81, {1, 0});
    EXPECT_FALSE(decode_block(wide_count));
    Bytes other_type = good;
    other_type[81] = 2;
    EXPECT_FALSE(decode_block(other_type));
}

TEST(Decoding, BoundsTheExtraOfARewardAndKeepsOffTheMerkleNodeSize) {
    const Chain chain = funded();
    for (const std::size_t size : {0U, 13U, 14U, 15U, 100U, 101U}) {
        Draft draft{chain};
        draft.reward.extra = Bytes(size, 0x61);
        EXPECT_EQ(rule_of(chain, draft), size == 14 || size == 101 ? 0 : -1) << size;
    }
}

TEST(Rule1, ParentIsTheTip) {
    const Chain chain = funded();
    Draft draft{chain};
    draft.header.previous_hash = chain.genesis();
    EXPECT_EQ(rule_of(chain, draft), 1);
}

TEST(Rule2, BitsAreTheSpecsWhenFixed) {
    const Chain chain = funded();
    Draft draft{chain};
    draft.header.bits = 0x207ffffe;
    EXPECT_EQ(rule_of(chain, draft), 2);
}

TEST(Rule2, BitsFollowTheAnchorUnderAsert) {
    Spec spec = plain();
    spec.asert = true;
    spec.spacing = 15;
    spec.half_life = 3600;
    Chain chain = funded(spec);  // block 2 is the anchor
    EXPECT_EQ(chain.required_bits(), spec.bits);
    for (int i = 0; i < 240; ++i) {  // 240 x 15 s = one half-life ahead of plan
        Draft draft{chain};
        ASSERT_EQ(rule(chain.connect(draft.mine())), -1);
    }
    EXPECT_EQ(chain.required_bits(), 0x203fffffU);
    Draft draft{chain};
    draft.header.bits = spec.bits;
    EXPECT_EQ(rule_of(chain, draft), 2);
}

TEST(Rule3, HashIsWithinTheTarget) {
    const Chain chain = funded();
    Draft draft{chain};
    Bytes bytes = draft.mine();
    const Big target = *target_of(draft.header.bits);
    do {
        ++draft.header.nonce;
    } while (integer_of(double_sha256(encode(draft.header))) <= target);
    std::ranges::copy(encode(draft.header), bytes.begin());
    Chain copy = chain;
    EXPECT_EQ(rule(copy.connect(bytes)), 3);
}

TEST(Rule4, TimeIsNotBeforeTheMedian) {
    Chain chain{plain()};
    const std::uint32_t start = chain.spec().genesis_time;
    for (const std::uint32_t later : {50U, 49U, 60U}) {  // of 0 and 50 the element 1 counts
        Draft draft{chain};
        draft.header.time = start + later;
        ASSERT_EQ(rule(chain.connect(draft.mine())), later == 49 ? 4 : -1) << later;
    }
    EXPECT_EQ(chain.median_time(), start + 50);  // of 0 50 60
    Draft early{chain};
    early.header.time = start + 49;
    EXPECT_EQ(rule_of(chain, early), 4);
    EXPECT_EQ(rule_of(chain, Draft{chain}), -1);
}

TEST(Rule4, LooksAtElevenHeaders) {
    Chain chain{plain()};
    const std::uint32_t start = chain.spec().genesis_time;
    for (std::uint32_t i = 1; i <= 20; ++i) {
        Draft draft{chain};
        draft.header.time = start + (i == 9 ? 100 : i);  // the twelfth from the tip stands out
        ASSERT_EQ(rule(chain.connect(draft.mine())), -1);
    }
    EXPECT_EQ(chain.median_time(), start + 15);  // of 10 ... 20
}

TEST(Rule5, TimeIsNotTooFarAhead) {
    const Chain chain = funded();
    Draft draft{chain};
    draft.header.time = chain.spec().genesis_time + 7200;
    EXPECT_EQ(rule_of(chain, draft, chain.spec().genesis_time), -1);
    EXPECT_EQ(rule_of(chain, draft, chain.spec().genesis_time - 1), 5);
    EXPECT_EQ(rule_of(chain, draft), -1);
}

TEST(Rule6, TheRewardIsFirstAndAlone) {
    Chain chain = funded();
    Draft draft{chain};
    draft.with(kAlice.transfer(chain, 0, kBob.address, 1));
    auto body = draft.transactions();
    std::swap(body[0], body[1]);
    EXPECT_EQ(rule(chain.connect(draft.mine(body))), 6);
    body = {encode(draft.reward), encode(draft.reward)};
    EXPECT_EQ(rule(chain.connect(draft.mine(body))), 6);
    EXPECT_EQ(rule(chain.connect(draft.mine(std::vector<Bytes>{}))), 6);
}

TEST(Rule6, SizeCountsTheWholeBlock) {
    Spec spec = plain();
    spec.max_block = 300;
    Chain chain = funded(spec);
    Draft draft{chain};
    const std::size_t rest = draft.mine().size();  // with an empty extra
    ASSERT_LT(rest, 300U);
    draft.with(kAlice.transfer(chain, 0, kBob.address, 1, 0, Bytes(300 - rest - 154, 1)));
    EXPECT_EQ(draft.mine().size(), 300U);
    EXPECT_EQ(rule_of(chain, draft), -1);
    draft.reward.extra = {1};
    EXPECT_EQ(draft.mine().size(), 301U);
    EXPECT_EQ(rule_of(chain, draft), 6);
}

TEST(Rule7, RootIsThatOfTheBody) {
    Chain chain = funded();
    Draft draft{chain};
    draft.mine();
    draft.reward.recipient = kBob.address;
    EXPECT_EQ(rule(chain.connect(encode(draft.header, draft.transactions()))), 7);
}

TEST(Rule7, AnOddNodeGoesUpUnchanged) {
    const Bytes32 a = double_sha256(Bytes{1}), b = double_sha256(Bytes{2}),
                  c = double_sha256(Bytes{3});
    EXPECT_NE(merkle_root({a, b, c}), merkle_root({a, b, c, c}));
    const auto ab = merkle_root({a, b});
    EXPECT_EQ(merkle_root({a, b, c}), merkle_root({ab, c}));
    EXPECT_EQ(merkle_climb(c, 2, 3, {ab}), merkle_root({a, b, c}));
    EXPECT_EQ(merkle_climb(a, 0, 3, {b, c}), merkle_root({a, b, c}));
    EXPECT_EQ(merkle_climb(a, 0, 3, {b}), std::nullopt);
    EXPECT_EQ(merkle_climb(c, 3, 3, {ab}), std::nullopt);
}

TEST(Rule8, DataIsBounded) {
    const Chain chain = funded();
    const auto with = [&](std::size_t size) {
        return Draft{chain}.with(kAlice.transfer(chain, 0, kBob.address, 1, 0, Bytes(size, 1)));
    };
    EXPECT_EQ(rule_of(chain, with(1024)), -1);
    EXPECT_EQ(rule_of(chain, with(1025)), 8);
}

TEST(Rule8, AmountIsPositiveAndWithinTheCap) {
    const Chain chain = funded();
    const auto with = [&](std::uint64_t amount, std::uint64_t fee) {
        Draft draft{chain};
        draft.with(kAlice.transfer(chain, 0, kBob.address, amount, fee));
        draft.reward.amount = chain.subsidy(0);
        return rule_of(chain, draft);
    };
    EXPECT_EQ(with(0, 1), 8);
    EXPECT_EQ(with(kCap, 0), 9);  // within the cap, above the balance
    EXPECT_EQ(with(kCap + 1, 0), 8);
    EXPECT_EQ(with(kCap, 1), 8);
    EXPECT_EQ(with(1, kCap), 8);
    EXPECT_EQ(with(1, UINT64_MAX), 8);  // the sum wraps to 0
}

TEST(Rule8, SignatureIsTheSendersAndForThisChain) {
    const Chain chain = funded();
    Transfer good = kAlice.transfer(chain, 0, kBob.address, 1);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(good)), -1);
    Transfer flipped = good;
    flipped.signature[63] ^= 1;
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(flipped)), 8);
    Transfer altered = good;
    altered.amount = 2;
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(altered)), 8);
    const Chain other{*built_in("main")};
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(kAlice.transfer(other, 0, kBob.address, 1))), 8);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(kBob.signed_for(chain, good))), 8);
}

TEST(Rule9, NonceIsTheNext) {
    const Chain chain = funded();
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(kAlice.transfer(chain, 1, kBob.address, 1))), 9);
    const auto first = kAlice.transfer(chain, 0, kBob.address, 1);
    const auto second = kAlice.transfer(chain, 1, kBob.address, 1);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(first).with(second)), -1);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(second).with(first)), 9);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(first).with(first)), 9);
}

TEST(Rule9, BalanceCoversAmountAndFee) {
    const Chain chain = funded();
    const std::uint64_t all = 50 * kCoin;
    EXPECT_EQ(
        rule_of(chain, Draft{chain}.with(kAlice.transfer(chain, 0, kBob.address, all - 1, 1))), -1);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(kAlice.transfer(chain, 0, kBob.address, all, 1))),
              9);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(kBob.transfer(chain, 0, kAlice.address, 1))), 9);
}

TEST(Rule9, ReceivedCoinsCanBeSpentInTheSameBlock) {
    const Chain chain = funded();
    const auto there = kAlice.transfer(chain, 0, kBob.address, 5);
    const auto back = kBob.transfer(chain, 0, kAlice.address, 5);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(there).with(back)), -1);
    EXPECT_EQ(rule_of(chain, Draft{chain}.with(back).with(there)), 9);
}

TEST(Rule9, SendingToOneselfCostsTheFee) {
    Chain chain = funded();
    Draft draft{chain};
    draft.with(kAlice.transfer(chain, 0, kAlice.address, 40 * kCoin, 3));
    ASSERT_EQ(rule(chain.connect(draft.mine())), -1);
    EXPECT_EQ(chain.state().accounts.at(kAlice.address), (Account{50 * kCoin - 3, 1}));
}

TEST(Rule9, AnAccountIsOpenedWhenFirstSeen) {
    Chain chain{*built_in("dev")};
    Draft draft{chain};
    draft.with(kAlice.transfer(chain, 0, kBob.address, 100 * kCoin));
    ASSERT_EQ(rule(chain.connect(draft.mine())), -1);
    EXPECT_EQ(chain.state().accounts.at(kAlice.address).balance, 0U);
    EXPECT_EQ(chain.state().accounts.at(kBob.address).balance, 200 * kCoin);
    EXPECT_EQ(chain.state().issued, 350 * kCoin);  // three openings and a subsidy
    EXPECT_EQ(sum_of_balances(chain.state()), chain.state().issued);
}

TEST(Rule10, RewardIsExact) {
    const Chain chain = funded();
    const auto changed = [&](std::uint64_t height, std::uint64_t amount) {
        Draft draft{chain};
        draft.with(kAlice.transfer(chain, 0, kBob.address, 1, 9));
        draft.reward.height += height;
        draft.reward.amount += amount;
        return rule_of(chain, draft);
    };
    EXPECT_EQ(changed(0, 0), -1);
    EXPECT_EQ(changed(0, 1), 10);
    EXPECT_EQ(changed(0, UINT64_MAX), 10);
    EXPECT_EQ(changed(1, 0), 10);
}

TEST(Rule10, RewardIsSpentFromTheNextBlockOn) {
    Chain chain = funded();
    Draft draft{chain};
    draft.reward.recipient = kBob.address;
    draft.with(kBob.transfer(chain, 0, kAlice.address, 1));
    EXPECT_EQ(rule_of(chain, draft), 9);
}

TEST(Rule10, SubsidyHalvesByEra) {
    Spec spec = plain();
    spec.halving_interval = 2;
    Chain chain{spec};  // heights 1 2 | 3 4 | 5 6
    std::vector<std::uint64_t> paid;
    for (int i = 0; i < 130; ++i) {
        paid.push_back(chain.subsidy(0));
        Draft draft{chain};
        ASSERT_EQ(rule(chain.connect(draft.mine())), -1);
    }
    EXPECT_EQ(paid[0], 50 * kCoin);
    EXPECT_EQ(paid[1], 25 * kCoin);
    EXPECT_EQ(paid[2], 25 * kCoin);
    EXPECT_EQ(paid[3], 50 * kCoin / 4);
    EXPECT_EQ(paid[129], 0U);  // era 65
}

TEST(Rule10, NothingIsIssuedAboveTheCap) {
    Spec spec = *built_in("dev");
    spec.allocations = {{kAlice.address, kCap - 100 * kCoin - 60 * kCoin}};
    Chain chain{spec};
    Draft first{chain};
    ASSERT_EQ(rule(chain.connect(first.mine())), -1);  // 50 of subsidy, then an opening of 10
    EXPECT_EQ(chain.state().issued, kCap);
    EXPECT_EQ(chain.state().accounts.at(Bytes32{}).balance, 60 * kCoin);
    EXPECT_EQ(chain.subsidy(chain.state().issued), 0U);
    Draft second{chain};
    second.with(kAlice.transfer(chain, 0, kBob.address, 5, 2));
    ASSERT_EQ(rule(chain.connect(second.mine())), -1);
    EXPECT_EQ(chain.state().accounts.at(kBob.address).balance, 5U);
    EXPECT_EQ(sum_of_balances(chain.state()), chain.state().issued);
}

TEST(Replay, EndsWhereTheChainDoesAndTellsTheFirstFault) {
    Chain chain{plain()};
    std::vector<Bytes> blocks{genesis_block(chain.spec())};
    for (int i = 0; i < 5; ++i) {
        blocks.push_back(Draft{chain}.mine());
        ASSERT_EQ(rule(chain.connect(blocks.back())), -1);
    }
    const auto outcome = replay(chain.spec(), blocks);
    ASSERT_TRUE(std::holds_alternative<State>(outcome));
    EXPECT_EQ(digest(std::get<State>(outcome)), digest(chain.state()));
    std::swap(blocks[3], blocks[4]);
    const auto broken = std::get<Verdict>(replay(chain.spec(), blocks));
    EXPECT_EQ(broken.rule, 1);
    EXPECT_EQ(broken.height, 4U);
    blocks.front() = genesis_block(*built_in("main"));
    EXPECT_EQ(std::get<Verdict>(replay(chain.spec(), blocks)).rule, 0);
}

TEST(Digest, ChangesWithEveryPartOfTheState) {
    State state;
    state.accounts[kAlice.address] = {5, 1};
    state.issued = 5;
    std::set<Bytes32> seen{digest(state)};
    for (auto change :
         {+[](State& s) { s.issued = 6; }, +[](State& s) { s.accounts[kAlice.address].nonce = 2; },
          +[](State& s) { s.accounts[kAlice.address].balance = 6; },
          +[](State& s) { s.accounts[kBob.address] = {}; }}) {
        State other = state;
        change(other);
        EXPECT_TRUE(seen.insert(digest(other)).second);
    }
}

TEST(ForkChoice, FollowsMoreWorkAndKeepsTheFirstOfEquals) {
    Tree tree{plain()};
    const Chain genesis{plain()};
    Chain a = genesis, b = genesis;
    const auto grow = [&](Chain& chain, std::uint8_t mark) {
        Draft draft{chain};
        draft.reward.extra = {mark};
        const Bytes block = draft.mine();
        EXPECT_EQ(rule(chain.connect(block)), -1);
        EXPECT_EQ(rule(tree.add(block)), -1);
    };
    grow(a, 1);
    grow(b, 2);
    EXPECT_EQ(tree.best().tip(), a.tip());
    grow(b, 2);
    EXPECT_EQ(tree.best().tip(), b.tip());
    EXPECT_EQ(tree.best().state(), b.state());
    grow(a, 1);
    EXPECT_EQ(tree.best().tip(), b.tip());
}

TEST(ForkChoice, CondemnsAnInvalidBlockWithItsDescendantsAndKeepsItsValidPart) {
    Tree tree{plain()};
    Chain honest{plain()};
    const Bytes ours = Draft{honest}.mine();
    ASSERT_EQ(rule(tree.add(ours)), -1);
    ASSERT_EQ(rule(honest.connect(ours)), -1);

    Chain side{plain()};
    Draft first{side};
    first.reward.extra = {1};
    const Bytes start = first.mine();
    ASSERT_EQ(rule(side.connect(start)), -1);
    ASSERT_EQ(rule(tree.add(start)), -1);
    Draft bad{side};
    bad.reward.amount += 1;
    const Bytes wrong = bad.mine();
    EXPECT_EQ(rule(tree.add(wrong)), 10);
    EXPECT_EQ(tree.best().tip(), honest.tip());
    EXPECT_EQ(rule(tree.add(wrong)), 1);

    side.follow(bad.header);
    EXPECT_EQ(rule(tree.add(Draft{side}.mine())), 1);
}

TEST(ForkChoice, AWrongBodyDoesNotCondemnTheHeader) {
    Tree tree{plain()};
    const Chain chain{plain()};
    Draft draft{chain};
    const Bytes good = draft.mine();
    draft.reward.recipient = kBob.address;
    EXPECT_EQ(rule(tree.add(encode(draft.header, draft.transactions()))), 7);
    EXPECT_EQ(rule(tree.add(good)), -1);
    EXPECT_EQ(tree.best().height(), 2U);
}

TEST(ExportFile, RoundTripsAndRefusesEveryFlippedByte) {
    const ExportFile file{plain(), {genesis_block(plain())}};
    const Bytes bytes = encode_export(file);
    std::string why;
    ASSERT_TRUE(decode_export(bytes, why));
    EXPECT_EQ(decode_export(bytes, why)->blocks, file.blocks);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        Bytes flipped = bytes;
        flipped[i] ^= 1;
        EXPECT_FALSE(decode_export(flipped, why)) << i;
    }
}

TEST(BuiltIn, GenesisHashesAreTheKnownOnes) {
    EXPECT_EQ(shown(genesis_hash(*built_in("main"))),
              "a3824c48646631c06aa1c7741278dfa9e6f67ef2e38337e59a73fb4c6762acbe");
    EXPECT_EQ(shown(genesis_hash(*built_in("steady"))),
              "ac38fd6db1e5ffa74cb8e178d96d0eb965b68e06e42af561805dc947810c1357");
    EXPECT_EQ(shown(genesis_hash(*built_in("dev"))),
              "07628d67bed51fe918848d61c232534d40336f2a923b37168249f29c8f48c49c");
}

}  // namespace
}  // namespace model
