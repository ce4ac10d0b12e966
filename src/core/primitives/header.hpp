#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/consensus/target.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/time.hpp"

namespace cairn {

/// version u32 | previous_hash 32 | merkle_root 32 | time u32 | bits u32 | nonce u32: 80 bytes.
struct BlockHeader {
    static constexpr std::size_t kSize = 80;

    std::uint32_t version = 1;  // no rule reads it: miners roll it (BIP320)
    BlockHash previous_hash;
    MerkleRoot merkle_root;
    UnixSeconds time = 0;
    CompactBits bits;
    std::uint32_t nonce = 0;

    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

[[nodiscard]] std::array<std::uint8_t, BlockHeader::kSize> encode(const BlockHeader& header);
/// Every 80 bytes are a header; nothing for any other size.
[[nodiscard]] std::optional<BlockHeader> decode_header(ByteView bytes);
[[nodiscard]] BlockHash hash_of(const BlockHeader& header);

/// A header hashed once.
struct HashedHeader {
    BlockHeader header;
    BlockHash hash;
};
[[nodiscard]] HashedHeader hashed(const BlockHeader& header);

}  // namespace cairn
