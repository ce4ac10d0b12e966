#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "wallet/argon2.hpp"
#include "wallet/secret.hpp"

namespace cairn {

enum class PasswordFlaw : std::uint8_t { too_short, too_long, too_common };

/// What a new password must be: 8 characters (Unicode code points) or more, 1,024 bytes or fewer,
/// not one of the best known, not one character repeated and not the user's own name. No rules of
/// composition, as NIST SP 800-63B advises; its 15 characters for a sole factor are advised to
/// people, not enforced, since guesses are slowed down and most nodes listen on loopback. Bytes are
/// taken as they are: a text typed with composed and with decomposed accents is two passwords.
inline constexpr std::size_t kPasswordMinCharacters = 8;
inline constexpr std::size_t kPasswordMaxBytes = 1024;
[[nodiscard]] std::optional<PasswordFlaw> flaw_of(std::string_view password, std::string_view name);
/// One sentence for the user.
[[nodiscard]] std::string_view describe(PasswordFlaw flaw);

/// The PHC string `$argon2id$v=19$m=…,t=…,p=1$salt$hash` with a new salt; nothing if memory runs
/// out.
[[nodiscard]] std::optional<std::string> hash_password(const SecretText& password,
                                                       const Argon2Cost& cost);

/// Whether `password` has this PHC string; any number of lanes. False as well if the string is
/// malformed or asks for more than `kArgon2CostMax`.
[[nodiscard]] bool verify_password(const std::string& phc, const SecretText& password);

/// The cost a PHC string asks for; nothing unless it is Argon2id, version 0x13, and possible.
[[nodiscard]] std::optional<Argon2Cost> cost_of(std::string_view phc);

/// Whether a hash is weaker than `wanted` in memory or passes, or not readable: hash anew at
/// log-in.
[[nodiscard]] bool needs_rehash(std::string_view phc, const Argon2Cost& wanted);

}  // namespace cairn
