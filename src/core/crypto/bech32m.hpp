#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"

namespace cairn {

struct Bech32m {
    std::string prefix;  // lower case
    Bytes values;        // 5-bit groups, checksum removed
};

/// BIP350: at most 90 characters, no mixed case, constant 0x2bc830a3.
[[nodiscard]] std::optional<Bech32m> bech32m_decode(std::string_view text);
/// Empty if the result would be longer than 90 characters, the prefix is not printable lower case
/// or a value has more than five bits.
[[nodiscard]] std::string bech32m_encode(std::string_view prefix, ByteView values);

/// Regroups bits 8 -> 5 with zero padding, and 5 -> 8 refusing padding that is long or not zero.
[[nodiscard]] Bytes to_five_bits(ByteView bytes);
[[nodiscard]] std::optional<Bytes> from_five_bits(ByteView values);

}  // namespace cairn
