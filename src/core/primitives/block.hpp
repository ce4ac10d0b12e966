#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/primitives/header.hpp"
#include "core/primitives/transfer.hpp"

namespace cairn {

/// One transaction as it stands in a block: its id and its bytes (a view into the block's).
struct TransactionSlice {
    Txid id;
    ByteView bytes;
    std::variant<Reward, Transfer> value;
};

/// A block taken apart; `bytes` are whoever's it was decoded from.
struct DecodedBlock {
    BlockHeader header;
    std::vector<TransactionSlice> transactions;
};

/// header | varint count | transactions. Structure only; a fault anywhere refuses the whole.
[[nodiscard]] std::optional<DecodedBlock> decode_block(ByteView bytes);

[[nodiscard]] Bytes encode_block(const BlockHeader& header, std::span<const ByteView> transactions);

}  // namespace cairn
