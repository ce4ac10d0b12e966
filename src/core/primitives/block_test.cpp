#include "core/primitives/block.hpp"

#include <gtest/gtest.h>

#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

Bytes reward() { return encode(Reward{2, {}, 5, Bytes(8, 1)}); }
Bytes transfer() {
    Transfer value;
    value.data = {1, 2, 3};
    return encode(value);
}
Bytes block_of(const std::vector<Bytes>& parts) {
    const std::vector<ByteView> views(parts.begin(), parts.end());
    return encode_block(BlockHeader{}, views);
}
/// The same with another word about how many there are.
Bytes counted(std::uint64_t count, const std::vector<Bytes>& parts) {
    Writer writer;
    writer.raw(encode(BlockHeader{})).varint(count);
    for (const auto& part : parts) writer.raw(part);
    return writer.take();
}

TEST(Block, IsTakenApartWithoutACopy) {
    const Bytes bytes = block_of({reward(), transfer(), transfer()});
    const auto block = decode_block(bytes);
    ASSERT_TRUE(block);
    EXPECT_EQ(block->header, BlockHeader{});
    ASSERT_EQ(block->transactions.size(), 3u);
    EXPECT_TRUE(std::holds_alternative<Reward>(block->transactions[0].value));
    EXPECT_TRUE(std::holds_alternative<Transfer>(block->transactions[1].value));
    EXPECT_EQ(block->transactions[1].id, txid_of(transfer()));
    EXPECT_EQ(block->transactions[0].bytes.data(), bytes.data() + 81);
    Bytes again = counted(3, {});
    for (const auto& slice : block->transactions) append(again, slice.bytes);
    EXPECT_EQ(again, bytes);
}

TEST(Block, IsReadOneTransactionAfterAnother) {
    const Bytes bytes = block_of({reward(), transfer(), transfer()});
    const auto whole = decode_block(bytes);
    auto place = first_transaction(bytes);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->left, 3u);
    for (const auto& expected : whole->transactions) {
        const auto slice = next_transaction(bytes, *place);
        ASSERT_TRUE(slice);
        EXPECT_EQ(slice->id, expected.id);
        EXPECT_EQ(slice->bytes.data(), expected.bytes.data());
    }
    EXPECT_EQ(place->offset, bytes.size());
    EXPECT_FALSE(next_transaction(bytes, *place));
    EXPECT_FALSE(first_transaction(ByteView{bytes}.first(79)));
    TransactionPlace beyond{.offset = bytes.size() + 1, .left = 1};
    EXPECT_FALSE(next_transaction(bytes, beyond));
}

TEST(Block, WithoutTransactionsIsStillABlock) { EXPECT_TRUE(decode_block(block_of({}))); }

TEST(Block, CutShortOrTrailedDoesNotDecode) {
    const Bytes good = block_of({reward(), transfer()});
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(decode_block(ByteView{good}.first(size))) << size;
    Bytes bytes = good;
    bytes.push_back(0);
    EXPECT_FALSE(decode_block(bytes));
}

TEST(Block, ACountThatLiesDoesNotDecode) {
    EXPECT_TRUE(decode_block(counted(1, {reward()})));
    for (const std::uint64_t count :
         {std::uint64_t{0}, std::uint64_t{2}, std::uint64_t{1} << 32, UINT64_MAX})
        EXPECT_FALSE(decode_block(counted(count, {reward()}))) << count;
}

TEST(Block, ALongCountDoesNotDecode) {
    Bytes bytes = counted(1, {reward()});
    bytes[80] = 0xfd;
    bytes.insert(bytes.begin() + 81, {0x01, 0x00});
    EXPECT_FALSE(decode_block(bytes));
}

TEST(Block, ATransactionThatDoesNotDecodeRefusesTheWhole) {
    EXPECT_FALSE(decode_block(counted(1, {Bytes{2}})));
    EXPECT_FALSE(decode_block(counted(1, {encode(Reward{2, {}, 5, Bytes(14, 1)})})));
    EXPECT_FALSE(decode_block(counted(1, {encode(Reward{2, {}, 5, Bytes(101, 1)})})));
}

}  // namespace
}  // namespace cairn
