#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wallet/secret.hpp"

namespace cairn {

/// Fills `out` from the operating system's random source. Any thread.
void fill_random(std::span<std::uint8_t> out);

template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> random_bytes() {
    std::array<std::uint8_t, N> bytes{};
    fill_random(bytes);
    return bytes;
}

/// 256 random bits as base64url without padding: 43 characters.
[[nodiscard]] SecretText random_token();

/// 130 random bits as one word of 26 lower-case letters and digits without look-alikes (Crockford's
/// base32): a double click marks it whole.
[[nodiscard]] SecretText random_password();

}  // namespace cairn
