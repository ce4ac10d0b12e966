#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/base/hex.hpp"

namespace cairn {

/// 32 bytes of a SHA-256, in internal order; `Tag` keeps one kind from being taken for another.
template <class Tag>
struct Digest {
    std::array<std::uint8_t, 32> bytes{};

    /// Byte-reversed hex, as hashes are shown to people, so that work is seen as leading zeros.
    [[nodiscard]] std::string to_string() const {
        auto reversed = bytes;
        std::reverse(reversed.begin(), reversed.end());
        return to_hex(reversed);
    }
    [[nodiscard]] static std::optional<Digest> from_string(std::string_view reversed_hex) {
        if (reversed_hex.size() != 64) return std::nullopt;
        const auto decoded = from_hex(reversed_hex);
        if (!decoded) return std::nullopt;
        Digest digest;
        std::reverse_copy(decoded->begin(), decoded->end(), digest.bytes.begin());
        return digest;
    }
    [[nodiscard]] static std::optional<Digest> from_bytes(ByteView view) {
        if (view.size() != 32) return std::nullopt;
        Digest digest;
        std::copy(view.begin(), view.end(), digest.bytes.begin());
        return digest;
    }
    friend auto operator<=>(const Digest&, const Digest&) = default;
};

using Hash256 = Digest<struct Hash256Tag>;
using BlockHash = Digest<struct BlockHashTag>;
using Txid = Digest<struct TxidTag>;
using MerkleRoot = Digest<struct MerkleRootTag>;

/// The same 32 bytes as another kind of digest.
template <class To, class Tag>
[[nodiscard]] To digest_cast(const Digest<Tag>& digest) {
    return To{digest.bytes};
}

}  // namespace cairn

/// A digest is uniform already. Tables keyed by digests an attacker may choose use std::map.
template <class Tag>
struct std::hash<cairn::Digest<Tag>> {
    std::size_t operator()(const cairn::Digest<Tag>& digest) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, digest.bytes.data(), sizeof value);
        return value;
    }
};
