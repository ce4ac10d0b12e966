#include "core/consensus/names.hpp"

#include <gtest/gtest.h>

#include "core/primitives/address.hpp"
#include "core/testing/keys.hpp"

namespace cairn {
namespace {

const ChainSpec kDev = *built_in_chain("dev");
const ChainSpec kMain = *built_in_chain("main");

bool is_name(std::string_view text) {
    const auto party = parse_party(text, kDev);
    return party && std::holds_alternative<Name>(*party) && std::get<Name>(*party).text == text;
}

TEST(Party, AnAddressOfThisChainIsAnAddress) {
    const Address address = testing::nobody(3);
    for (const auto& spec : {kDev, kMain}) {
        const auto party = parse_party(format_address(address, spec.prefix), spec);
        ASSERT_TRUE(party);
        EXPECT_EQ(std::get<Address>(*party), address);
    }
}

TEST(Party, AnAddressMayBeWrittenInCapitals) {
    std::string text = format_address(testing::nobody(3), kDev.prefix);
    for (auto& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    EXPECT_TRUE(std::holds_alternative<Address>(*parse_party(text, kDev)));
    text.back() = text.back() == 'Q' ? 'P' : 'Q';
    EXPECT_FALSE(parse_party(text, kDev));
}

TEST(Party, WhatClaimsToBeAnAddressOfAnyBuiltInChainIsNoName) {
    for (const char* text : {"crnd1", "crnd1alice", "crn1bob", "crns1x", "CRND1ALICE"})
        EXPECT_FALSE(parse_party(text, kDev)) << text;
    EXPECT_FALSE(parse_party(format_address(testing::nobody(3), "crn"), kDev));
    ChainSpec own = kDev;
    own.prefix = "own";
    EXPECT_FALSE(parse_party("own1x", own));
    EXPECT_FALSE(parse_party("crn1x", own));
    EXPECT_TRUE(parse_party("own1x", kDev));
}

TEST(Party, OnlyWhatStandsBeforeTheLastOneCounts) {
    for (const char* text : {"crnd", "crnd12", "xcrnd1a", "crnd1a1b", "1", "crn2a", "a1crnd"}) {
        if (std::string_view{text} == "crnd12") continue;  // its last 1 ends the prefix
        EXPECT_TRUE(is_name(text)) << text;
    }
    EXPECT_FALSE(parse_party("crnd12", kDev));
}

TEST(Party, EmptyAndZeroAreRefused) {
    EXPECT_FALSE(parse_party("", kDev));
    EXPECT_FALSE(parse_party("0", kDev));
    EXPECT_TRUE(is_name("00"));
    EXPECT_TRUE(is_name(" "));
}

TEST(Party, ANameHasAtMost64Bytes) {
    EXPECT_TRUE(is_name(std::string(64, 'n')));
    EXPECT_FALSE(parse_party(std::string(65, 'n'), kDev));
}

TEST(Party, AChainWithoutNamesTakesAddressesOnly) {
    for (const char* text : {"", "0", "alice", "crn1x"})
        EXPECT_FALSE(parse_party(text, kMain)) << text;
    EXPECT_NE(parse_party("alice", kMain).error().find("crn1"), std::string::npos);
}

TEST(NameKey, FollowsFromTheTextByteForByte) {
    const SchnorrSigner signer{{}};
    EXPECT_EQ(name_address(Name{"alice"}, signer), name_address(Name{"alice"}, signer));
    EXPECT_NE(name_address(Name{"alice"}, signer), name_address(Name{"Alice"}, signer));
    Sha256 hasher = tagged_sha256("cairn/name");
    const Hash256 hash = hasher.write(as_bytes("alice")).finish();
    EXPECT_EQ(name_key(Name{"alice"}).bytes(), hash.bytes);  // below the order, as nearly all are
}

}  // namespace
}  // namespace cairn
