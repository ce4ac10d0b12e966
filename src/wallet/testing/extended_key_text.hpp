#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/crypto/sha256.hpp"

namespace cairn::testing {

/// What an `xprv…` or `xpub…` text of published vectors says (BIP32, serialisation format).
struct ExtendedKeyText {
    std::uint8_t depth = 0;
    std::uint32_t child_number = 0;
    std::array<std::uint8_t, 32> chain_code{};
    std::array<std::uint8_t, 33> key{};  // of xprv: a zero, then the secret; of xpub: the point
};

/// Nothing if it is no base58 of the right size, or the checksum is wrong; no rule is asked.
///
/// version 4 | depth 1 | parent fingerprint 4 | child number 4 | chain code 32 | key 33 | checksum
/// 4
inline std::optional<ExtendedKeyText> parse_extended_key(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    std::array<std::uint8_t, 82> bytes{};
    for (const char c : text) {
        const auto digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        auto carry = static_cast<std::uint32_t>(digit);
        for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) {
            carry += std::uint32_t{*byte} * 58;
            *byte = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        if (carry != 0) return std::nullopt;
    }
    const ByteView all{bytes};
    const auto checksum = sha256d(all.first(78));
    if (!std::ranges::equal(all.last(4), ByteView{checksum.bytes}.first(4))) return std::nullopt;

    ExtendedKeyText parsed{.depth = bytes[4]};
    for (const auto byte : all.subspan(9, 4))
        parsed.child_number = (parsed.child_number << 8) | byte;
    std::ranges::copy(all.subspan(13, 32), parsed.chain_code.begin());
    std::ranges::copy(all.subspan(45, 33), parsed.key.begin());
    return parsed;
}

}  // namespace cairn::testing
