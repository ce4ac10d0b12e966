#include "core/primitives/transfer.hpp"

#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

constexpr std::uint8_t kRewardType = 0;
constexpr std::uint8_t kTransferType = 1;

Writer write_unsigned(const Transfer& transfer) {
    Writer writer;
    writer.integer(kTransferType)
        .raw(transfer.sender.bytes)
        .integer(transfer.nonce)
        .raw(transfer.recipient.bytes)
        .integer(transfer.amount)
        .integer(transfer.fee)
        .bytes(transfer.data);
    return writer;
}

}  // namespace

Bytes encode_unsigned(const Transfer& transfer) { return write_unsigned(transfer).take(); }

Bytes encode(const Transfer& transfer) {
    return write_unsigned(transfer).raw(transfer.signature.bytes).take();
}

std::optional<Transfer> decode_transfer(ByteView bytes) {
    Reader reader{bytes};
    Transfer transfer;
    if (reader.integer<std::uint8_t>() != kTransferType) return std::nullopt;
    transfer.sender.bytes = reader.array<32>();
    transfer.nonce = reader.integer<std::uint64_t>();
    transfer.recipient.bytes = reader.array<32>();
    transfer.amount = reader.integer<std::uint64_t>();
    transfer.fee = reader.integer<std::uint64_t>();
    const ByteView data = reader.bytes();
    transfer.data.assign(data.begin(), data.end());
    transfer.signature.bytes = reader.array<64>();
    if (!reader.finished()) return std::nullopt;
    return transfer;
}

std::size_t transfer_size(std::size_t data_size) {
    return 1 + 32 + 8 + 32 + 8 + 8 + varint_size(data_size) + data_size + 64;
}

Hash256 signing_hash(const BlockHash& genesis_hash, ByteView unsigned_bytes) {
    static const Sha256 tagged = tagged_sha256("cairn/transfer");
    Sha256 hasher = tagged;
    return hasher.write(genesis_hash.bytes).write(unsigned_bytes).finish();
}

Bytes encode(const Reward& reward) {
    Writer writer;
    writer.integer(kRewardType)
        .integer(reward.height)
        .raw(reward.recipient.bytes)
        .integer(reward.amount)
        .bytes(reward.extra);
    return writer.take();
}

std::optional<Reward> decode_reward(ByteView bytes) {
    Reader reader{bytes};
    Reward reward;
    if (reader.integer<std::uint8_t>() != kRewardType) return std::nullopt;
    reward.height = reader.integer<std::uint64_t>();
    reward.recipient.bytes = reader.array<32>();
    reward.amount = reader.integer<std::uint64_t>();
    const ByteView extra = reader.bytes();
    reward.extra.assign(extra.begin(), extra.end());
    if (!reader.finished()) return std::nullopt;
    if (extra.size() > Reward::kExtraMax || extra.size() == Reward::kExtraForbidden)
        return std::nullopt;
    return reward;
}

Txid txid_of(ByteView transaction_bytes) { return digest_cast<Txid>(sha256d(transaction_bytes)); }

}  // namespace cairn
