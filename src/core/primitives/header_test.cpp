#include "core/primitives/header.hpp"

#include <gtest/gtest.h>

#include "core/vectors_test.hpp"

namespace cairn {
namespace {

TEST(Header, HasBitcoinsLayout) {
    BlockHeader header;
    header.version = 0x01020304;
    header.previous_hash.bytes.fill(0xaa);
    header.merkle_root.bytes.fill(0xbb);
    header.time = 0x05060708;
    header.bits = CompactBits{0x1d00ffff};
    header.nonce = 0x090a0b0c;
    std::string a;
    std::string b;
    for (int i = 0; i < 32; ++i) a += "aa", b += "bb";
    EXPECT_EQ(to_hex(encode(header)), "04030201" + a + b + "08070605" + "ffff001d" + "0c0b0a09");
    EXPECT_EQ(decode_header(encode(header)), header);
}

TEST(Header, IsEightyBytesNoMoreNoLess) {
    EXPECT_FALSE(decode_header(Bytes(79, 0)));
    EXPECT_TRUE(decode_header(Bytes(80, 0)));
    EXPECT_FALSE(decode_header(Bytes(81, 0)));
}

TEST(Header, RealOnesHashAndLink) {
    const auto all = testing::mined_headers();
    ASSERT_GT(all.size(), 4000u);
    for (const auto& [bytes, previous] : all) {
        const auto header = decode_header(bytes);
        ASSERT_TRUE(header);
        if (previous >= 0) {
            EXPECT_EQ(header->previous_hash,
                      hash_of(*decode_header(all[static_cast<std::size_t>(previous)].bytes)));
        }
        EXPECT_EQ(hashed(*header).hash, hash_of(*header));
    }
}

}  // namespace
}  // namespace cairn
