#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "wallet/argon2.hpp"
#include "wallet/secret.hpp"

namespace cairn {

/// A secret of 32 bytes locked with a password: Argon2id, then XChaCha20-Poly1305.
///
///   offset  size
///        0     4  "CKS1"
///        4     4  Argon2id memory in KiB, u32 little-endian
///        8     4  Argon2id passes, u32 little-endian
///       12    16  salt
///       28    24  nonce
///       52    32  the secret, encrypted
///       84    16  tag
///
/// Associated data: bytes 0 to 51, then the caller's `context` (whose keystore it is).
inline constexpr std::size_t kKeystoreSize = 100;
using Keystore = std::array<std::uint8_t, kKeystoreSize>;

/// One error, whatever the reason: a wrong password, a changed byte and a foreign context look
/// alike.
enum class KeystoreError : std::uint8_t { cannot_open };

/// Locks `secret` (32 bytes) under a new salt and nonce; nothing if memory runs out. Runs Argon2
/// once.
[[nodiscard]] std::optional<Keystore> seal_keystore(ByteView secret, const SecretText& password,
                                                    ByteView context, const Argon2Cost& cost);

/// The secret. Runs Argon2 once, unless magic or cost are impossible.
[[nodiscard]] Result<SecretBytes, KeystoreError> open_keystore(ByteView keystore,
                                                               const SecretText& password,
                                                               ByteView context);

}  // namespace cairn
