#include "core/primitives/header.hpp"

#include "core/crypto/sha256.hpp"
#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

void put32(std::uint8_t* out, std::uint32_t value) {
    for (int i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

}  // namespace

std::array<std::uint8_t, BlockHeader::kSize> encode(const BlockHeader& header) {
    std::array<std::uint8_t, BlockHeader::kSize> out{};
    put32(out.data(), header.version);
    std::copy(header.previous_hash.bytes.begin(), header.previous_hash.bytes.end(),
              out.begin() + 4);
    std::copy(header.merkle_root.bytes.begin(), header.merkle_root.bytes.end(), out.begin() + 36);
    put32(out.data() + 68, header.time);
    put32(out.data() + 72, header.bits.value);
    put32(out.data() + 76, header.nonce);
    return out;
}

std::optional<BlockHeader> decode_header(ByteView bytes) {
    Reader reader{bytes};
    BlockHeader header;
    header.version = reader.integer<std::uint32_t>();
    header.previous_hash.bytes = reader.array<32>();
    header.merkle_root.bytes = reader.array<32>();
    header.time = reader.integer<std::uint32_t>();
    header.bits.value = reader.integer<std::uint32_t>();
    header.nonce = reader.integer<std::uint32_t>();
    if (!reader.finished()) return std::nullopt;
    return header;
}

BlockHash hash_of(const BlockHeader& header) {
    return digest_cast<BlockHash>(sha256d(encode(header)));
}

HashedHeader hashed(const BlockHeader& header) { return {header, hash_of(header)}; }

}  // namespace cairn
