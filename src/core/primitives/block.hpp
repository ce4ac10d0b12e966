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

/// Where a block's next transaction begins, and how many there are from it on: for who looks at one
/// after another and has no room for all of them.
struct TransactionPlace {
    std::size_t offset = 0;
    std::uint64_t left = 0;
};
/// Of the first transaction; nothing if the bytes do not begin as a block does.
[[nodiscard]] std::optional<TransactionPlace> first_transaction(ByteView block);
/// The transaction at `place`, which goes on to the one behind it; nothing if there is none, or if
/// it does not decode.
[[nodiscard]] std::optional<TransactionSlice> next_transaction(ByteView block,
                                                               TransactionPlace& place);

[[nodiscard]] Bytes encode_block(const BlockHeader& header, std::span<const ByteView> transactions);

}  // namespace cairn
