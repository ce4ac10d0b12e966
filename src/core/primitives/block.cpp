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

std::optional<TransactionPlace> first_transaction(ByteView block) {
    if (block.size() < BlockHeader::kSize) return std::nullopt;
    Reader reader{block.subspan(BlockHeader::kSize)};
    const std::uint64_t count = reader.varint();
    if (!reader.ok()) return std::nullopt;
    return TransactionPlace{block.size() - reader.remaining(), count};
}

std::optional<TransactionSlice> next_transaction(ByteView block, TransactionPlace& place) {
    if (place.left == 0 || place.offset > block.size()) return std::nullopt;
    const ByteView rest = block.subspan(place.offset);
    const auto size = transaction_size(rest);
    if (!size) return std::nullopt;
    const ByteView slice = rest.first(*size);
    place.offset += *size;
    --place.left;
    if (slice[0] == 0) {
        auto reward = decode_reward(slice);
        if (!reward) return std::nullopt;
        return TransactionSlice{txid_of(slice), slice, std::move(*reward)};
    }
    auto transfer = decode_transfer(slice);
    if (!transfer) return std::nullopt;
    return TransactionSlice{txid_of(slice), slice, std::move(*transfer)};
}

std::optional<DecodedBlock> decode_block(ByteView bytes) {
    auto place = first_transaction(bytes);
    if (!place) return std::nullopt;
    DecodedBlock block;
    block.header = *decode_header(bytes.first(BlockHeader::kSize));
    // The count is a stranger's word: memory is taken as transactions are found, not as promised.
    while (place->left > 0) {
        auto slice = next_transaction(bytes, *place);
        if (!slice) return std::nullopt;
        block.transactions.push_back(std::move(*slice));
    }
    if (place->offset != bytes.size()) return std::nullopt;
    return block;
}

Bytes encode_block(const BlockHeader& header, std::span<const ByteView> transactions) {
    Writer writer;
    writer.raw(encode(header)).varint(transactions.size());
    for (const auto& transaction : transactions) writer.raw(transaction);
    return writer.take();
}

}  // namespace cairn
