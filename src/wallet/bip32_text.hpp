#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "wallet/bip32.hpp"

namespace cairn {

/// What an `xprv…` or `xpub…` text says (BIP32, serialisation format, main network's version
/// bytes).
struct ExtendedKeyText {
    std::uint8_t depth = 0;
    std::array<std::uint8_t, 4> parent_fingerprint{};
    std::uint32_t child_number = 0;
    std::array<std::uint8_t, 32> chain_code{};
    std::variant<SecretKey, std::array<std::uint8_t, 33>> key;  // of xprv; the point of xpub
};

/// Nothing if the checksum, the version, the key (zero, not below the group order, not on the
/// curve, of the other kind), or a depth of zero with a parent or an index is wrong. For wallets
/// that hand a key over.
[[nodiscard]] std::optional<ExtendedKeyText> parse_extended_key(std::string_view text);

}  // namespace cairn
