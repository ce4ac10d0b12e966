#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>

#include "core/base/bytes.hpp"

namespace cairn {

/// 32 bytes that an account belongs to: an x-only public key (BIP340) if somebody can sign for it.
/// As a recipient any 32 bytes will do. Shown as bech32m, see address.hpp.
struct Address {
    std::array<std::uint8_t, 32> bytes{};
    friend auto operator<=>(const Address&, const Address&) = default;
};

/// A BIP340 signature.
struct Signature {
    std::array<std::uint8_t, 64> bytes{};
    friend auto operator<=>(const Signature&, const Signature&) = default;
};

}  // namespace cairn

template <>
struct std::hash<cairn::Address> {
    std::size_t operator()(const cairn::Address& address) const noexcept {
        std::size_t value = 0;
        std::memcpy(&value, address.bytes.data(), sizeof value);
        return value;
    }
};
