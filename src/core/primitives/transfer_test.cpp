#include "core/primitives/transfer.hpp"

#include <gtest/gtest.h>

#include "core/base/hex.hpp"

namespace cairn {
namespace {

std::string repeated(const char* byte, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += byte;
    return out;
}

Transfer sample() {
    Transfer transfer;
    transfer.sender.bytes.fill(0xaa);
    transfer.nonce = 1;
    transfer.recipient.bytes.fill(0xbb);
    transfer.amount = 2;
    transfer.fee = 3;
    transfer.data = {0xd0, 0xd1};
    transfer.signature.bytes.fill(0xcc);
    return transfer;
}

TEST(Transfer, IsThePagesByteForByte) {
    const std::string before = "01" + repeated("aa", 32) + "0100000000000000" + repeated("bb", 32) +
                               "0200000000000000" + "0300000000000000" + "02d0d1";
    EXPECT_EQ(to_hex(encode_unsigned(sample())), before);
    EXPECT_EQ(to_hex(encode(sample())), before + repeated("cc", 64));
    EXPECT_EQ(decode_transfer(encode(sample())), sample());
    EXPECT_EQ(transfer_size(2), encode(sample()).size());
    EXPECT_EQ(transfer_size(0), 154u);
    EXPECT_EQ(transfer_size(253), 154u + 253 + 2);
}

TEST(Transfer, CutShortTrailedOrOfAnotherTypeDoesNotDecode) {
    const Bytes good = encode(sample());
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(decode_transfer(ByteView{good}.first(size))) << size;
    Bytes bytes = good;
    bytes.push_back(0);
    EXPECT_FALSE(decode_transfer(bytes));
    for (const auto type : Bytes{0, 2, 255}) {
        bytes = good;
        bytes[0] = type;
        EXPECT_FALSE(decode_transfer(bytes));
    }
}

TEST(Transfer, ALongVarintDoesNotDecode) {
    Bytes bytes = encode(sample());
    bytes[89] = 0xfd;  // the length of the data: fd 02 00
    bytes.insert(bytes.begin() + 90, {0x02, 0x00});
    EXPECT_FALSE(decode_transfer(bytes));
}

TEST(Transfer, NeverHasTheSizeOfAnInnerMerkleNode) { EXPECT_GT(transfer_size(0), 64u); }

TEST(Transfer, TheSigningHashIsTaggedAndBindsTheChain) {
    BlockHash genesis;
    genesis.bytes.fill(9);
    const Bytes body = encode_unsigned(sample());
    const Hash256 tag = sha256(as_bytes("cairn/transfer"));
    Bytes all(tag.bytes.begin(), tag.bytes.end());
    append(all, tag.bytes);
    append(all, genesis.bytes);
    append(all, body);
    EXPECT_EQ(signing_hash(genesis, body), sha256(all));
    EXPECT_NE(signing_hash(BlockHash{}, body), sha256(all));
}

TEST(Reward, IsThePagesByteForByte) {
    Reward reward;
    reward.height = 5;
    reward.recipient.bytes.fill(0xbb);
    reward.amount = 7;
    reward.extra = {1, 2, 3};
    EXPECT_EQ(to_hex(encode(reward)),
              "000500000000000000" + repeated("bb", 32) + "0700000000000000" + "03010203");
    EXPECT_EQ(decode_reward(encode(reward)), reward);
    EXPECT_EQ(txid_of(encode(reward)), digest_cast<Txid>(sha256d(encode(reward))));
}

TEST(Reward, ExtraIsAtMost100BytesAndNever14) {
    for (std::size_t size = 0; size <= 102; ++size) {
        const Reward reward{1, {}, 2, Bytes(size, 7)};
        const bool allowed = size <= 100 && size != 14;
        EXPECT_EQ(decode_reward(encode(reward)).has_value(), allowed) << size;
        EXPECT_EQ(encode(reward).size() == 64, size == 14);
    }
}

TEST(Reward, CutShortTrailedOrOfAnotherTypeDoesNotDecode) {
    const Bytes good = encode(Reward{1, {}, 2, Bytes(3, 7)});
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(decode_reward(ByteView{good}.first(size)));
    Bytes bytes = good;
    bytes.push_back(0);
    EXPECT_FALSE(decode_reward(bytes));
    bytes = good;
    bytes[0] = 1;
    EXPECT_FALSE(decode_reward(bytes));
}

}  // namespace
}  // namespace cairn
