#include "core/consensus/chain_spec.hpp"

#include <gtest/gtest.h>

#include "core/primitives/amount.hpp"
#include "core/primitives/block.hpp"
#include "core/testing/keys.hpp"

namespace cairn {
namespace {

using testing::easy_spec;
using testing::nobody;

std::string refused_field(const ChainSpec& spec) {
    const auto made = ChainParams::make(spec);
    if (made) return "none";
    EXPECT_EQ(made.error().detail.rfind(made.error().field, 0), 0u) << made.error().detail;
    return made.error().field;
}

ChainSpec asert_spec() {
    ChainSpec spec = easy_spec();
    spec.mode = DifficultyMode::asert;
    spec.spacing = 1;
    spec.half_life = 1;
    return spec;
}

struct Genesis {
    const char* chain;
    const char* hash;
};

// Agreed upon by two implementations that share no code: see tests/model.
TEST(BuiltInChain, HasTheGenesisHashThatTheIndependentModelComputes) {
    for (const auto& [chain, hash] :
         {Genesis{"main", "a3824c48646631c06aa1c7741278dfa9e6f67ef2e38337e59a73fb4c6762acbe"},
          Genesis{"steady", "ac38fd6db1e5ffa74cb8e178d96d0eb965b68e06e42af561805dc947810c1357"},
          Genesis{"dev", "07628d67bed51fe918848d61c232534d40336f2a923b37168249f29c8f48c49c"}}) {
        const auto params = ChainParams::make(*built_in_chain(chain));
        ASSERT_TRUE(params);
        EXPECT_EQ(params->genesis().hash.to_string(), hash);
    }
}

TEST(BuiltInChain, OfAnotherNameIsNone) { EXPECT_FALSE(built_in_chain("cairn-main")); }

TEST(BuiltInChain, AreThoseOfTheTable) {
    const auto main = *built_in_chain("main");
    EXPECT_EQ(main.prefix, "crn");
    EXPECT_EQ(main.bits.value, 0x1e0fffffu);
    EXPECT_EQ(main.subsidy, 5'000'000'000u);
    EXPECT_EQ(main.halving_interval, 210'000u);
    EXPECT_EQ(main.max_block, 4'194'304u);
    EXPECT_EQ(main.max_data, 1024u);
    EXPECT_EQ(main.future_limit, 7200u);
    EXPECT_FALSE(main.names);
    const auto steady = *built_in_chain("steady");
    EXPECT_EQ(steady.mode, DifficultyMode::asert);
    EXPECT_EQ(steady.spacing, 15u);
    EXPECT_EQ(steady.half_life, 3600u);
    EXPECT_EQ(steady.subsidy, 125'000'000u);
    EXPECT_EQ(steady.halving_interval, 8'400'000u);
    const auto dev = *built_in_chain("dev");
    EXPECT_EQ(dev.bits.value, 0x207fffffu);
    EXPECT_EQ(dev.opening, 10'000'000'000u);
    EXPECT_EQ(dev.future_limit, 0u);
    EXPECT_TRUE(dev.names);
}

TEST(ChainSpecEncoding, IsThePagesByteForByte) {
    ChainSpec spec;
    spec.name = "ab";
    spec.prefix = "c";
    spec.genesis_time = 0x01020304;
    spec.mode = DifficultyMode::asert;
    spec.bits = CompactBits{0x207fffff};
    spec.spacing = 5;
    spec.half_life = 6;
    spec.subsidy = 7;
    spec.halving_interval = 8;
    spec.max_block = 9;
    spec.max_data = 10;
    spec.opening = 11;
    spec.future_limit = 12;
    spec.names = true;
    spec.allocations = {{nobody(0xaa), 13}};
    std::string recipient = "aa";
    for (int i = 1; i < 32; ++i) recipient += "ee";
    EXPECT_EQ(to_hex(encode(spec)),
              "01"
              "026162"
              "0163"
              "04030201"
              "01"
              "ffff7f20"
              "05000000"
              "06000000"
              "0700000000000000"
              "0800000000000000"
              "09000000"
              "0a000000"
              "0b00000000000000"
              "0c000000"
              "01"
              "01" +
                  recipient + "0d00000000000000");
}

TEST(Genesis, HoldsTheCommitmentThenOneRewardAnAllocationInFileOrder) {
    ChainSpec spec = easy_spec();
    spec.allocations = {{nobody(9), 5}, {nobody(2), 0}};
    const auto params = *ChainParams::make(spec);
    const auto block = decode_block(params.genesis_bytes());
    ASSERT_TRUE(block);
    EXPECT_EQ(block->header.version, 1u);
    EXPECT_EQ(block->header.previous_hash, BlockHash{});
    EXPECT_EQ(block->header.time, spec.genesis_time);
    EXPECT_EQ(block->header.bits, spec.bits);
    EXPECT_EQ(block->header.nonce, 0u);
    const auto commitment = sha256d(encode(spec)).bytes;
    ASSERT_EQ(block->transactions.size(), 3u);
    EXPECT_EQ(std::get<Reward>(block->transactions[0].value),
              (Reward{1, Address{}, 0, Bytes(commitment.begin(), commitment.end())}));
    EXPECT_EQ(std::get<Reward>(block->transactions[1].value), (Reward{1, nobody(9), 5, {}}));
    EXPECT_EQ(std::get<Reward>(block->transactions[2].value), (Reward{1, nobody(2), 0, {}}));
}

TEST(Genesis, AnyOtherRuleMeansAnotherHash) {
    std::set<BlockHash> hashes;
    const auto note = [&](const ChainSpec& spec) {
        hashes.insert(ChainParams::make(spec)->genesis().hash);
    };
    ChainSpec spec = easy_spec();
    note(spec);
    (spec = easy_spec()).max_data -= 1, note(spec);
    (spec = easy_spec()).names = true, note(spec);
    (spec = easy_spec()).future_limit = 1, note(spec);
    (spec = easy_spec()).opening = 1, note(spec);
    EXPECT_EQ(hashes.size(), 5u);
}

TEST(ChainSpecRefusal, NamesTheName) {
    for (const char* name : {"", "a b", "tab\t", "\x7f", "\xc3\xa4"}) {
        ChainSpec spec = easy_spec();
        spec.name = name;
        EXPECT_EQ(refused_field(spec), "name") << name;
    }
    ChainSpec spec = easy_spec();
    spec.name = std::string(64, 'n');
    EXPECT_EQ(refused_field(spec), "none");
    spec.name += 'n';
    EXPECT_EQ(refused_field(spec), "name");
}

TEST(ChainSpecRefusal, NamesThePrefix) {
    for (const char* prefix : {"", "Crn", "c n", "\x7f"}) {
        ChainSpec spec = easy_spec();
        spec.prefix = prefix;
        EXPECT_EQ(refused_field(spec), "prefix") << prefix;
    }
    ChainSpec spec = easy_spec();
    spec.prefix = std::string(31, 'p');
    EXPECT_EQ(refused_field(spec), "none");
    spec.prefix += 'p';
    EXPECT_EQ(refused_field(spec), "prefix");
}

TEST(ChainSpecRefusal, NamesTheBits) {
    for (const std::uint32_t bits :
         {0u, 0x20800000u, 0x2100ffffu + 0x01000000u, 0x1f000fffu, 0xff7fffffu, 0x20000001u}) {
        ChainSpec spec = easy_spec();
        spec.bits = CompactBits{bits};
        EXPECT_EQ(refused_field(spec), "bits") << bits;
    }
}

TEST(ChainSpecRefusal, NamesModeSpacingAndHalfLife) {
    EXPECT_EQ(refused_field(asert_spec()), "none");
    ChainSpec spec = asert_spec();
    spec.spacing = 0;
    EXPECT_EQ(refused_field(spec), "spacing");
    spec = asert_spec();
    spec.half_life = 0;
    EXPECT_EQ(refused_field(spec), "half_life");
    spec = easy_spec();
    spec.spacing = 1;
    EXPECT_EQ(refused_field(spec), "spacing");
    spec = easy_spec();
    spec.half_life = 1;
    EXPECT_EQ(refused_field(spec), "half_life");
    spec = asert_spec();
    spec.mode = static_cast<DifficultyMode>(2);
    EXPECT_EQ(refused_field(spec), "mode");
}

TEST(ChainSpecRefusal, NamesTheMoney) {
    ChainSpec spec = easy_spec();
    spec.halving_interval = 0;
    EXPECT_EQ(refused_field(spec), "halving_interval");
    spec = easy_spec();
    spec.subsidy = Amount::kMaxUnits;
    EXPECT_EQ(refused_field(spec), "none");
    spec.subsidy += 1;
    EXPECT_EQ(refused_field(spec), "subsidy");
    spec = easy_spec();
    spec.opening = Amount::kMaxUnits;
    EXPECT_EQ(refused_field(spec), "none");
    spec.opening += 1;
    EXPECT_EQ(refused_field(spec), "opening");
}

TEST(ChainSpecRefusal, OfAllocationsTwiceOrAboveTheCap) {
    ChainSpec spec = easy_spec();
    spec.allocations = {{nobody(1), 1}, {nobody(1), 1}};
    EXPECT_EQ(refused_field(spec), "allocations");
    spec.allocations = {{nobody(1), Amount::kMaxUnits - 1}, {nobody(2), 1}};
    EXPECT_EQ(refused_field(spec), "none");
    spec.opening = 1;
    EXPECT_EQ(refused_field(spec), "allocations");
    spec.opening = 0;
    spec.allocations[1].amount = 2;
    EXPECT_EQ(refused_field(spec), "allocations");
    spec.allocations = {{nobody(1), UINT64_MAX}};
    EXPECT_EQ(refused_field(spec), "allocations");
}

TEST(ChainSpecRefusal, NamesTheSizes) {
    ChainSpec spec = easy_spec();
    spec.max_block = 32 * 1024 * 1024;
    EXPECT_EQ(refused_field(spec), "none");
    spec.max_block += 1;
    EXPECT_EQ(refused_field(spec), "max_block");
    spec = easy_spec();
    spec.max_data = 0;
    spec.max_block = static_cast<std::uint32_t>(ChainParams::make(spec)->genesis_bytes().size());
    EXPECT_EQ(refused_field(spec), "none");
    spec.max_block -= 1;
    EXPECT_EQ(refused_field(spec), "max_block");
    spec = easy_spec();
    spec.max_data = spec.max_block;
    EXPECT_EQ(refused_field(spec), "none");
    spec.max_data += 1;
    EXPECT_EQ(refused_field(spec), "max_data");
}

}  // namespace
}  // namespace cairn
