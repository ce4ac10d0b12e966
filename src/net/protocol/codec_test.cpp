#include "net/protocol/codec.hpp"

#include <gtest/gtest.h>

#include <random>

#include "core/primitives/codec.hpp"
#include "core/primitives/transfer.hpp"
#include "core/testing/keys.hpp"
#include "net/limits.hpp"
#include "net/protocol/frame_type.hpp"

namespace cairn::net {
namespace {

constexpr std::size_t kMaxBlock = 64 * 1024;

std::vector<HashedHeader> chain_of(std::size_t count) {
    std::vector<HashedHeader> out;
    BlockHeader header;
    header.bits = CompactBits{0x207fffff};
    for (std::size_t i = 0; i < count; ++i) {
        header.time = static_cast<UnixSeconds>(i);
        header.nonce = 0;
        header = testing::mined(header);
        out.push_back(hashed(header));
        header.previous_hash = out.back().hash;
    }
    return out;
}

std::vector<Item> items(std::size_t count) {
    std::vector<Item> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        out[i].kind = i % 2 == 0 ? ItemKind::transfer : ItemKind::block;
        out[i].hash.bytes[0] = static_cast<std::uint8_t>(i);
        out[i].hash.bytes[1] = static_cast<std::uint8_t>(i >> 8);
    }
    return out;
}

Bytes block_bytes(std::size_t size) {
    Bytes bytes;
    append(bytes, encode(chain_of(1).front().header));
    bytes.resize(size, 7);
    return bytes;
}

Addr addresses(std::size_t count) {
    Addr out;
    for (std::size_t i = 0; i < count; ++i)
        out.addresses.push_back(
            {i % 2 == 0 ? "10.0.0.1" : "2001:db8::7", static_cast<std::uint16_t>(1 + i)});
    return out;
}

/// Rising ids.
std::vector<Txid> ids(std::size_t count) {
    std::vector<Txid> list(count);
    for (std::size_t i = 0; i < count; ++i) {
        list[i].bytes[0] = static_cast<std::uint8_t>(i >> 8);
        list[i].bytes[1] = static_cast<std::uint8_t>(i);
        list[i].bytes[2] = 1;
    }
    return list;
}

/// One small message of each kind.
std::vector<Message> one_of_each() {
    return {Ping{7},
            Pong{8},
            GetHeaders{{BlockHash{}, chain_of(1).front().hash}, {}},
            Headers{chain_of(3)},
            Inv{items(3)},
            GetData{items(2)},
            NotFound{items(1)},
            TransferBody{{}, Bytes(transfer_size(3), 1)},
            BlockBody{chain_of(1).front(), std::make_shared<const Bytes>(block_bytes(200))},
            Mempool{PoolPage{ids(1).front(), 300}},
            PoolInv{true, ids(3)},
            GetAddr{},
            addresses(3)};
}

std::string refusal(Bytes frame, std::size_t max_block = kMaxBlock) {
    const auto decoded = decode(std::move(frame), max_block);
    return decoded ? "" : decoded.error();
}

/// A list message whose count says `says` and which has room for `holds` entries.
Bytes list(FrameType type, std::uint64_t says, std::size_t holds, std::size_t entry,
           std::size_t after = 0) {
    Writer writer;
    writer.integer(static_cast<std::uint8_t>(type)).varint(says);
    for (std::size_t i = 0; i < holds; ++i) {
        Bytes one(entry, 1);
        writer.raw(one);
    }
    return writer.raw(Bytes(after, 0)).take();
}

TEST(Codec, GivesBackWhatItWasGiven) {
    for (const Message& message : one_of_each()) {
        const Bytes frame = encode(message);
        const auto decoded = decode(frame, kMaxBlock);
        ASSERT_TRUE(decoded) << decoded.error();
        EXPECT_EQ(decoded->index(), message.index());
        EXPECT_EQ(encode(*decoded), frame);
    }
}

TEST(Codec, HashesWhatItDecodes) {
    const auto headers =
        std::get<Headers>(*decode(encode(Headers{chain_of(2)}), kMaxBlock)).headers;
    ASSERT_EQ(headers.size(), 2U);
    EXPECT_EQ(headers[1].hash, hash_of(headers[1].header));
    EXPECT_EQ(headers[1].header.previous_hash, headers[0].hash);
    const Bytes transfer(transfer_size(0), 1);
    const auto tx = std::get<TransferBody>(*decode(transfer_frame(transfer), kMaxBlock));
    EXPECT_EQ(tx.id, txid_of(transfer));
    EXPECT_EQ(tx.bytes, transfer);
    const Bytes block = block_bytes(100);
    const auto body = std::get<BlockBody>(*decode(block_frame(block), kMaxBlock));
    EXPECT_EQ(*body.bytes, block);
    EXPECT_EQ(body.header.hash, chain_of(1).front().hash);
}

/// To the byte as docs/peers.md has it.
TEST(Codec, FramesAsDescribed) {
    EXPECT_EQ(encode(Ping{0x0102}), (Bytes{3, 2, 1, 0, 0, 0, 0, 0, 0}));
    EXPECT_EQ(encode(Mempool{}), (Bytes{12}));
    Bytes page{12, 7};
    page.resize(1 + 32, 0);
    append(page, Bytes{0x34, 0x12});
    PoolPage asked{{}, 0x1234};
    asked.after.bytes[0] = 7;
    EXPECT_EQ(encode(Mempool{asked}), page);
    Bytes told{15, 1, 1, 7};
    told.resize(3 + 32, 0);
    EXPECT_EQ(encode(PoolInv{true, {asked.after}}), told);
    EXPECT_EQ(encode(GetAddr{}), (Bytes{13}));
    Item item{ItemKind::block, {}};
    item.hash.bytes[0] = 9;
    Bytes inv{7, 1, 2, 9};
    inv.resize(4 + 31, 0);
    EXPECT_EQ(encode(Inv{{item}}), inv);
    Bytes addr{14, 1};
    addr.resize(12, 0);
    append(addr, Bytes{0xff, 0xff, 10, 0, 0, 1, 0x88, 0x13});
    EXPECT_EQ(encode(Addr{{{"10.0.0.1", 5000}}}), addr);
}

TEST(Codec, RefusesEveryTruncation) {
    for (const Message& message : one_of_each()) {
        const Bytes frame = encode(message);
        // A body's end is the message's; what is too short to be one is refused.
        const bool open_ended = std::holds_alternative<TransferBody>(message) ||
                                std::holds_alternative<BlockBody>(message);
        const std::size_t least = std::holds_alternative<BlockBody>(message)
                                      ? 1 + BlockHeader::kSize + 1
                                      : 1 + transfer_size(0);
        for (std::size_t size = 0; size < frame.size(); ++size) {
            const bool fine = open_ended && size >= least;
            EXPECT_EQ(
                decode(Bytes(frame.begin(), frame.begin() + static_cast<long>(size)), kMaxBlock)
                    .has_value(),
                fine)
                << int{frame[0]} << " cut to " << size;
        }
    }
}

TEST(Codec, RefusesTrailingBytes) {
    for (const Message& message : one_of_each()) {
        if (std::holds_alternative<TransferBody>(message) ||
            std::holds_alternative<BlockBody>(message))
            continue;
        Bytes frame = encode(message);
        frame.push_back(0);
        EXPECT_NE(refusal(frame), "") << int{frame[0]};
    }
}

TEST(Codec, RefusesCountsThatAreNotShortest) {
    Bytes frame{static_cast<std::uint8_t>(FrameType::inv), 0xfd, 1, 0};
    frame.resize(4 + 33, 1);
    EXPECT_NE(refusal(frame).find("shortest"), std::string::npos);
    EXPECT_EQ(refusal(list(FrameType::inv, 1, 1, 33)), "");
}

TEST(Codec, TakesTheMostOfEachListAndNotOneMore) {
    const auto fits = [](FrameType type, std::size_t most, std::size_t entry,
                         std::size_t after = 0) {
        EXPECT_EQ(refusal(list(type, most, most, entry, after)), "") << static_cast<int>(type);
        EXPECT_NE(refusal(list(type, most + 1, most + 1, entry, after)), "")
            << static_cast<int>(type);
    };
    fits(FrameType::inv, limits::kInvItems, 33);
    fits(FrameType::getdata, limits::kGetDataItems, 33);
    fits(FrameType::notfound, limits::kGetDataItems, 33);
    fits(FrameType::getheaders, limits::kLocator, 32, 32);
    fits(FrameType::addr, limits::kAddresses, 18);
    EXPECT_EQ(refusal(encode(Headers{chain_of(limits::kHeaders)})), "");
    EXPECT_NE(refusal(encode(Headers{chain_of(limits::kHeaders + 1)})), "");
}

TEST(Codec, TakesEmptyLists) {
    for (const auto type : {FrameType::inv, FrameType::getdata, FrameType::notfound,
                            FrameType::headers, FrameType::addr})
        EXPECT_EQ(refusal(list(type, 0, 0, 0)), "") << static_cast<int>(type);
    EXPECT_EQ(refusal(list(FrameType::getheaders, 0, 0, 0, 32)), "");
}

/// A count alone costs no memory: the bytes must be there.
TEST(Codec, HoldsCountsAgainstTheBytesThatAreThere) {
    for (const auto type : {FrameType::inv, FrameType::getdata, FrameType::notfound,
                            FrameType::headers, FrameType::addr, FrameType::getheaders}) {
        EXPECT_NE(refusal(list(type, 100, 0, 0)), "");
        EXPECT_NE(refusal(list(type, UINT64_MAX, 1, 33)), "");
    }
}

TEST(Codec, BoundsBodies) {
    EXPECT_EQ(refusal(block_frame(block_bytes(kMaxBlock))), "");
    EXPECT_NE(refusal(block_frame(block_bytes(kMaxBlock + 1))), "");
    EXPECT_EQ(refusal(block_frame(block_bytes(BlockHeader::kSize + 1))), "");
    EXPECT_NE(refusal(block_frame(block_bytes(BlockHeader::kSize))), "");
    EXPECT_EQ(refusal(transfer_frame(Bytes(limits::kMessageBytes - 1, 1))), "");
    EXPECT_NE(refusal(transfer_frame(Bytes(limits::kMessageBytes, 1))), "");
    EXPECT_EQ(refusal(transfer_frame(Bytes(transfer_size(0), 1))), "");
    EXPECT_NE(refusal(transfer_frame(Bytes(transfer_size(0) - 1, 1))), "");
}

TEST(Codec, LongestFrameIsABlockOrAFullInv) {
    EXPECT_EQ(max_frame(10), limits::kMessageBytes);
    EXPECT_EQ(max_frame(limits::kMessageBytes), limits::kMessageBytes + 1);
    EXPECT_LE(encode(Inv{items(limits::kInvItems)}).size(), limits::kMessageBytes);
}

TEST(Codec, AsksHeadersForTheirWork) {
    auto headers = chain_of(3);
    while (check_work(hashed(headers[2].header))) ++headers[2].header.nonce;
    EXPECT_NE(refusal(encode(Headers{headers})).find("header 3 does not show the work"),
              std::string::npos);
    headers[2].header.bits = CompactBits{0x00ffffff};
    EXPECT_NE(refusal(encode(Headers{headers})).find("bits"), std::string::npos);
    Bytes block;
    BlockHeader bad = chain_of(1).front().header;
    while (check_work(hashed(bad))) ++bad.nonce;
    append(block, encode(bad));
    block.resize(200);
    EXPECT_NE(refusal(block_frame(block)).find("work"), std::string::npos);
}

TEST(Codec, WantsHeadersInChainOrder) {
    auto headers = chain_of(3);
    std::swap(headers[1], headers[2]);
    EXPECT_NE(refusal(encode(Headers{headers})).find("does not follow"), std::string::npos);
    auto gap = chain_of(3);
    gap.erase(gap.begin() + 1);
    EXPECT_NE(refusal(encode(Headers{gap})).find("header 2 does not follow"), std::string::npos);
}

TEST(Codec, RefusesUnknownTypesAndKinds) {
    for (const int type : {0, 1, 2, 16, 255})
        EXPECT_NE(refusal(Bytes{static_cast<std::uint8_t>(type)}), "") << type;
    EXPECT_NE(refusal({}), "");
    for (const std::uint8_t kind : {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{255}}) {
        Bytes frame{static_cast<std::uint8_t>(FrameType::inv), 1, kind};
        frame.resize(3 + 32, 1);
        EXPECT_NE(refusal(frame), "") << int{kind};
    }
    Bytes port{static_cast<std::uint8_t>(FrameType::addr), 1};
    port.resize(2 + 18, 0);
    EXPECT_NE(refusal(port).find("port 0"), std::string::npos);
}

TEST(Codec, APoolIsAskedForAsTheProtocolSays) {
    const Bytes whole = encode(Mempool{});
    const Bytes page = encode(Mempool{PoolPage{{}, 5}});
    EXPECT_TRUE(decode(whole, kMaxBlock, 1));
    EXPECT_FALSE(decode(whole, kMaxBlock, 2));
    EXPECT_FALSE(decode(page, kMaxBlock, 1));
    const auto asked = decode(page, kMaxBlock, 2);
    ASSERT_TRUE(asked);
    EXPECT_EQ(std::get<Mempool>(*asked).page, (PoolPage{{}, 5}));
    EXPECT_FALSE(decode(encode(PoolInv{false, ids(2)}), kMaxBlock, 1));
    EXPECT_TRUE(decode(encode(PoolInv{false, ids(2)}), kMaxBlock, 2));
}

TEST(Codec, APoolIsToldInRisingOrderOnceEach) {
    EXPECT_EQ(refusal(encode(PoolInv{})), "");
    EXPECT_EQ(refusal(encode(PoolInv{true, ids(limits::kPoolPage)})), "");
    EXPECT_NE(refusal(encode(PoolInv{true, ids(limits::kPoolPage + 1)})), "");
    auto list = ids(3);
    std::swap(list[1], list[2]);
    EXPECT_NE(refusal(encode(PoolInv{true, list})).find("ascend"), std::string::npos);
    EXPECT_NE(refusal(encode(PoolInv{true, {ids(2)[1], ids(2)[1]}})).find("ascend"),
              std::string::npos);
    Bytes odd = encode(PoolInv{true, ids(1)});
    odd[1] = 2;
    EXPECT_NE(refusal(odd), "");
}

/// Random frames, and sound ones with bytes changed: a sentence, or the very frame again.
TEST(Codec, SurvivesRandomBytes) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random{seed};
    const auto sound = one_of_each();
    for (int round = 0; round < 50'000; ++round) {
        Bytes frame;
        if (round % 2 == 0) {
            frame.resize(random() % 300);
            for (auto& byte : frame) byte = static_cast<std::uint8_t>(random());
            if (!frame.empty()) frame[0] = static_cast<std::uint8_t>(frame[0] % 17);
            if (frame.size() > 1) frame[1] = static_cast<std::uint8_t>(frame[1] % 9);
        } else {
            frame = encode(sound[random() % sound.size()]);
            for (auto changes = random() % 4; changes-- > 0;)
                frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
            if (random() % 4 == 0) frame.resize(random() % (frame.size() + 8));
        }
        const auto decoded = decode(frame, kMaxBlock);
        if (decoded) {
            ASSERT_EQ(encode(*decoded), frame);
        } else {
            ASSERT_FALSE(decoded.error().empty());
        }
    }
}

}  // namespace
}  // namespace cairn::net
