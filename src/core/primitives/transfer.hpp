#pragma once

#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/crypto/sha256.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/public_key.hpp"

namespace cairn {

/// u8 1 | sender 32 | nonce u64 | recipient 32 | amount u64 | fee u64 | data bytes | signature 64.
/// As decoded: structure is right, no rule has been asked. Amounts are bare units, maybe out of
/// range.
struct Transfer {
    Address sender;
    std::uint64_t nonce = 0;
    Address recipient;
    std::uint64_t amount = 0;  // base units
    std::uint64_t fee = 0;     // base units
    Bytes data;
    Signature signature;

    friend bool operator==(const Transfer&, const Transfer&) = default;
};

[[nodiscard]] Bytes encode(const Transfer& transfer);
/// All bytes before the signature.
[[nodiscard]] Bytes encode_unsigned(const Transfer& transfer);
[[nodiscard]] std::optional<Transfer> decode_transfer(ByteView bytes);
/// Size of the encoding with `data_size` bytes of data.
[[nodiscard]] std::size_t transfer_size(std::size_t data_size);

/// What a sender signs: tagged hash `cairn/transfer` of genesis hash ‖ all bytes before the
/// signature.
[[nodiscard]] Hash256 signing_hash(const BlockHash& genesis_hash, ByteView unsigned_bytes);

/// u8 0 | height u64 | recipient 32 | amount u64 | extra bytes.
struct Reward {
    static constexpr std::size_t kExtraMax = 100;
    /// Would make the encoding 64 bytes, which could pass for an inner Merkle node.
    static constexpr std::size_t kExtraForbidden = 14;

    std::uint64_t height = 0;
    Address recipient;
    std::uint64_t amount = 0;  // base units
    Bytes extra;

    friend bool operator==(const Reward&, const Reward&) = default;
};

[[nodiscard]] Bytes encode(const Reward& reward);
[[nodiscard]] std::optional<Reward> decode_reward(ByteView bytes);

/// Id of a transaction: H(all bytes).
[[nodiscard]] Txid txid_of(ByteView transaction_bytes);

}  // namespace cairn
