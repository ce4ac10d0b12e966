#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wallet/secret.hpp"

namespace cairn {

/// What one Argon2id run (RFC 9106, version 0x13, one lane) costs.
struct Argon2Cost {
    std::uint32_t memory_kib = 0;
    std::uint32_t passes = 0;
    friend bool operator==(const Argon2Cost&, const Argon2Cost&) = default;
};

/// OWASP's second set of equal strength: 19 MiB, two passes.
inline constexpr Argon2Cost kArgon2Cost{19456, 2};
/// A file that asks for more is refused before it is tried: reading it must not exhaust the
/// machine.
inline constexpr Argon2Cost kArgon2CostMax{256 * 1024, 16};

/// Whether libsodium can run it and it is within `kArgon2CostMax`.
[[nodiscard]] bool is_possible(const Argon2Cost& cost);

using Argon2Salt = std::array<std::uint8_t, 16>;

/// Fills `out` (16 bytes or more) from the password. False if memory runs out or the cost is not
/// possible. About 20 ms at `kArgon2Cost`. Any thread; callers bound how many run at once.
[[nodiscard]] bool argon2id(std::span<std::uint8_t> out, const SecretText& password,
                            const Argon2Salt& salt, const Argon2Cost& cost);

}  // namespace cairn
