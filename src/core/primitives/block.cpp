#include "core/primitives/block.hpp"

#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

// A transaction carries no length of its own: its fields tell where it ends.
std::optional<std::size_t> transaction_size(ByteView bytes) {
    Reader reader{bytes};
    const auto type = reader.integer<std::uint8_t>();
    if (type > 1) return std::nullopt;
    reader.raw(type == 0 ? 8 + 32 + 8 : 32 + 8 + 32 + 8 + 8);
    reader.bytes();
    if (type == 1) reader.raw(64);
    if (!reader.ok()) return std::nullopt;
    return bytes.size() - reader.remaining();
}

}  // namespace

std::optional<DecodedBlock> decode_block(ByteView bytes) {
    if (bytes.size() < BlockHeader::kSize) return std::nullopt;
    DecodedBlock block;
    block.header = *decode_header(bytes.first(BlockHeader::kSize));
    Reader reader{bytes.subspan(BlockHeader::kSize)};
    const std::uint64_t count = reader.varint();
    ByteView rest = bytes.last(reader.remaining());
    // The count is a stranger's word: memory is taken as transactions are found, not as promised.
    for (std::uint64_t i = 0; reader.ok() && i < count; ++i) {
        const auto size = transaction_size(rest);
        if (!size) return std::nullopt;
        const ByteView slice = rest.first(*size);
        rest = rest.subspan(*size);
        if (slice[0] == 0) {
            auto reward = decode_reward(slice);
            if (!reward) return std::nullopt;
            block.transactions.push_back({txid_of(slice), slice, std::move(*reward)});
        } else {
            auto transfer = decode_transfer(slice);
            if (!transfer) return std::nullopt;
            block.transactions.push_back({txid_of(slice), slice, std::move(*transfer)});
        }
    }
    if (!reader.ok() || !rest.empty()) return std::nullopt;
    return block;
}

Bytes encode_block(const BlockHeader& header, std::span<const ByteView> transactions) {
    Writer writer;
    writer.raw(encode(header)).varint(transactions.size());
    for (const auto& transaction : transactions) writer.raw(transaction);
    return writer.take();
}

}  // namespace cairn
