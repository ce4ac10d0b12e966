#include "net/protocol/codec.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "core/consensus/target.hpp"
#include "core/crypto/sha256.hpp"
#include "core/primitives/codec.hpp"
#include "core/primitives/transfer.hpp"
#include "net/limits.hpp"
#include "net/protocol/frame_type.hpp"

namespace cairn::net {
namespace {

constexpr std::size_t kHashSize = 32;
constexpr std::size_t kItemSize = 1 + kHashSize;
constexpr std::size_t kAddressSize = 16 + 2;

using Decoded = Result<Message, std::string>;

// Out.

Writer begin(FrameType type) {
    Writer writer;
    writer.integer(static_cast<std::uint8_t>(type));
    return writer;
}

Bytes body_frame(FrameType type, ByteView body) {
    Bytes frame;
    frame.reserve(1 + body.size());
    frame.push_back(static_cast<std::uint8_t>(type));
    append(frame, body);
    return frame;
}

Bytes items_frame(FrameType type, const std::vector<Item>& items) {
    Writer writer = begin(type);
    writer.varint(items.size());
    for (const Item& item : items)
        writer.integer(static_cast<std::uint8_t>(item.kind)).raw(item.hash.bytes);
    return writer.take();
}

struct Encode {
    Bytes operator()(const Ping& m) const { return begin(FrameType::ping).integer(m.nonce).take(); }
    Bytes operator()(const Pong& m) const { return begin(FrameType::pong).integer(m.nonce).take(); }
    Bytes operator()(const GetHeaders& m) const {
        Writer writer = begin(FrameType::getheaders);
        writer.varint(m.locator.size());
        for (const BlockHash& hash : m.locator) writer.raw(hash.bytes);
        return writer.raw(m.stop.bytes).take();
    }
    Bytes operator()(const Headers& m) const {
        Writer writer = begin(FrameType::headers);
        writer.varint(m.headers.size());
        for (const HashedHeader& one : m.headers) writer.raw(encode(one.header));
        return writer.take();
    }
    Bytes operator()(const Inv& m) const { return items_frame(FrameType::inv, m.items); }
    Bytes operator()(const GetData& m) const { return items_frame(FrameType::getdata, m.items); }
    Bytes operator()(const NotFound& m) const { return items_frame(FrameType::notfound, m.items); }
    Bytes operator()(const TransferBody& m) const { return transfer_frame(m.bytes); }
    Bytes operator()(const BlockBody& m) const { return block_frame(*m.bytes); }
    Bytes operator()(const Mempool& m) const {
        Writer writer = begin(FrameType::mempool);
        if (m.page) writer.raw(m.page->after.bytes).integer(m.page->limit);
        return writer.take();
    }
    Bytes operator()(const PoolInv& m) const {
        Writer writer = begin(FrameType::poolinv);
        writer.integer(static_cast<std::uint8_t>(m.more ? 1 : 0)).varint(m.ids.size());
        for (const Txid& id : m.ids) writer.raw(id.bytes);
        return writer.take();
    }
    Bytes operator()(const GetAddr&) const { return begin(FrameType::getaddr).take(); }
    Bytes operator()(const Addr& m) const {
        std::vector<std::pair<IpBytes, std::uint16_t>> literals;
        for (const NodeAddress& one : m.addresses)
            if (const auto ip = parse_ip(one.host)) literals.emplace_back(*ip, one.port);
        Writer writer = begin(FrameType::addr);
        writer.varint(literals.size());
        for (const auto& [ip, port] : literals) writer.raw(ip).integer(port);
        return writer.take();
    }
};

// In. Every list's size is held against the bytes that are there before anything is reserved.

auto wrong(std::string_view name, const std::string& what) {
    return fail("its " + std::string{name} + " " + what);
}

/// The count of a list whose entries have `size` bytes each, followed by `after` bytes.
Result<std::size_t, std::string> count_of(Reader& reader, std::string_view name, std::size_t most,
                                          std::size_t size, std::size_t after = 0) {
    const std::uint64_t count = reader.varint();
    if (!reader.ok()) return wrong(name, "has no count in its shortest form");
    if (count > most)
        return wrong(name, "lists " + std::to_string(count) + " entries, and the most is " +
                               std::to_string(most));
    if (reader.remaining() != count * size + after)
        return wrong(name, "does not have the size of its " + std::to_string(count) + " entries");
    return static_cast<std::size_t>(count);
}

template <class Body>
Decoded decode_nonce(Reader& reader, std::string_view name) {
    Body body{reader.integer<std::uint64_t>()};
    if (!reader.finished()) return wrong(name, "does not have 9 bytes");
    return body;
}

template <class Body>
Decoded decode_empty(const Reader& reader, std::string_view name) {
    if (!reader.at_end()) return wrong(name, "has bytes where none belong");
    return Body{};
}

Decoded decode_getheaders(Reader& reader) {
    const auto count = count_of(reader, "getheaders", limits::kLocator, kHashSize, kHashSize);
    if (!count) return fail(count.error());
    GetHeaders message;
    message.locator.resize(*count);
    for (BlockHash& hash : message.locator) hash.bytes = reader.array<kHashSize>();
    message.stop.bytes = reader.array<kHashSize>();
    return message;
}

/// One hash, and whether it meets the target that the header names for itself.
Result<HashedHeader, std::string> decode_worked_header(ByteView bytes) {
    HashedHeader one{*decode_header(bytes), digest_cast<BlockHash>(sha256d(bytes))};
    const auto target = expand(one.header.bits);
    if (!target) return fail(std::string{"has bits that are not canonical"});
    if (!meets(one.hash, *target))
        return fail(std::string{"does not show the work that its bits name"});
    return one;
}

Decoded decode_headers(Reader& reader) {
    const auto count = count_of(reader, "headers", limits::kHeaders, BlockHeader::kSize);
    if (!count) return fail(count.error());
    Headers message;
    for (std::size_t i = 0; i < *count; ++i) {
        auto one = decode_worked_header(reader.raw(BlockHeader::kSize));
        const auto at = [&] { return "message: header " + std::to_string(i + 1) + " "; };
        if (!one) return wrong("headers", at() + one.error());
        if (i > 0 && one->header.previous_hash != message.headers.back().hash)
            return wrong("headers", at() + "does not follow the one before it");
        // The first one has shown its work, so that this costs who sent it more than us.
        if (i == 0) message.headers.reserve(*count);
        message.headers.push_back(std::move(*one));
    }
    return message;
}

template <class Body>
Decoded decode_items(Reader& reader, std::string_view name, std::size_t most) {
    const auto count = count_of(reader, name, most, kItemSize);
    if (!count) return fail(count.error());
    Body message;
    message.items.reserve(*count);
    for (std::size_t i = 0; i < *count; ++i) {
        const auto kind = reader.integer<std::uint8_t>();
        if (kind != static_cast<std::uint8_t>(ItemKind::transfer) &&
            kind != static_cast<std::uint8_t>(ItemKind::block))
            return wrong(name, "names an item of the unknown kind " + std::to_string(kind));
        message.items.push_back({static_cast<ItemKind>(kind), {reader.array<kHashSize>()}});
    }
    return message;
}

Decoded decode_addr(Reader& reader) {
    const auto count = count_of(reader, "addr", limits::kAddresses, kAddressSize);
    if (!count) return fail(count.error());
    Addr message;
    message.addresses.reserve(*count);
    for (std::size_t i = 0; i < *count; ++i) {
        const IpBytes ip = reader.array<16>();
        const auto port = reader.integer<std::uint16_t>();
        if (port == 0) return wrong("addr", "names port 0");
        message.addresses.push_back({ip_to_string(ip), port});
    }
    return message;
}

Decoded decode_mempool(Reader& reader, std::uint32_t protocol) {
    if (protocol < 2) return decode_empty<Mempool>(reader, "mempool");
    PoolPage page;
    page.after.bytes = reader.array<kHashSize>();
    page.limit = reader.integer<std::uint16_t>();
    if (!reader.finished()) return wrong("mempool", "does not have 35 bytes");
    return Mempool{page};
}

Decoded decode_poolinv(Reader& reader) {
    PoolInv message;
    const auto more = reader.integer<std::uint8_t>();
    if (more > 1) return wrong("poolinv", "says neither 0 nor 1 of whether there is more");
    message.more = more == 1;
    const auto count = count_of(reader, "poolinv", limits::kPoolPage, kHashSize);
    if (!count) return fail(count.error());
    message.ids.resize(*count);
    for (std::size_t i = 0; i < *count; ++i) {
        message.ids[i].bytes = reader.array<kHashSize>();
        if (i > 0 && !(message.ids[i - 1] < message.ids[i]))
            return wrong("poolinv", "lists ids that do not ascend");
    }
    return message;
}

Decoded decode_transfer_body(Bytes frame) {
    frame.erase(frame.begin());
    if (frame.size() < transfer_size(0)) return wrong("tx", "is shorter than any transfer");
    const Txid id = txid_of(frame);
    return TransferBody{id, std::move(frame)};
}

Decoded decode_block_body(Bytes frame, std::size_t max_block) {
    if (frame.size() - 1 > max_block)
        return wrong("block", "has " + std::to_string(frame.size() - 1) +
                                  " bytes, and the most is " + std::to_string(max_block));
    if (frame.size() <= 1 + BlockHeader::kSize) return wrong("block", "is shorter than any block");
    auto header = decode_worked_header(ByteView{frame}.subspan(1, BlockHeader::kSize));
    if (!header) return wrong("block", header.error());
    frame.erase(frame.begin());
    return BlockBody{*header, std::make_shared<const Bytes>(std::move(frame))};
}

}  // namespace

Bytes encode(const Message& message) { return std::visit(Encode{}, message); }
Bytes block_frame(ByteView block) { return body_frame(FrameType::block, block); }
Bytes transfer_frame(ByteView transfer) { return body_frame(FrameType::tx, transfer); }

Result<Message, std::string> decode(Bytes frame, std::size_t max_block, std::uint32_t protocol) {
    if (frame.empty()) return fail(std::string{"its message is empty"});
    const auto type = static_cast<FrameType>(frame.front());
    if (type == FrameType::block) return decode_block_body(std::move(frame), max_block);
    if (frame.size() > limits::kMessageBytes)
        return fail("its message of " + std::to_string(frame.size()) + " bytes is longer than " +
                    std::to_string(limits::kMessageBytes));
    Reader reader{ByteView{frame}.subspan(1)};
    switch (type) {
        case FrameType::version:
        case FrameType::verack:
            return fail(std::string{"it began a second handshake"});
        case FrameType::ping:
            return decode_nonce<Ping>(reader, "ping");
        case FrameType::pong:
            return decode_nonce<Pong>(reader, "pong");
        case FrameType::getheaders:
            return decode_getheaders(reader);
        case FrameType::headers:
            return decode_headers(reader);
        case FrameType::inv:
            return decode_items<Inv>(reader, "inv", limits::kInvItems);
        case FrameType::getdata:
            return decode_items<GetData>(reader, "getdata", limits::kGetDataItems);
        case FrameType::notfound:
            return decode_items<NotFound>(reader, "notfound", limits::kGetDataItems);
        case FrameType::tx:
            return decode_transfer_body(std::move(frame));
        case FrameType::mempool:
            return decode_mempool(reader, protocol);
        case FrameType::poolinv:
            if (protocol < 2) break;
            return decode_poolinv(reader);
        case FrameType::getaddr:
            return decode_empty<GetAddr>(reader, "getaddr");
        case FrameType::addr:
            return decode_addr(reader);
        case FrameType::block:
            break;
    }
    return fail("its message is of the unknown type " + std::to_string(frame.front()));
}

std::size_t max_frame(std::size_t max_block) {
    return std::max(limits::kMessageBytes, 1 + max_block);
}

}  // namespace cairn::net
