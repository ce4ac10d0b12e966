#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "core/base/bytes.hpp"
#include "wallet/secret.hpp"

namespace cairn {

/// BIP39, English words. Entropy of 16, 20, 24, 28 or 32 bytes and its first size / 32 bits of
/// SHA-256 as checksum make 12 to 24 words; our own keys always have 24. Nothing for another size.
[[nodiscard]] std::optional<SecretText> words_of_entropy(ByteView entropy);

/// The entropy of a mnemonic, whatever blanks stand between its words and whatever their case.
/// Nothing if a word is not in the list, their number is wrong, or the checksum is.
[[nodiscard]] std::optional<SecretBytes> entropy_of_words(std::string_view words);

/// The 64-byte seed: PBKDF2-HMAC-SHA512, 2,048 rounds, salt "mnemonic" ‖ passphrase. `words` must
/// be in the form of `words_of_entropy` (BIP39: NFKD, which ASCII is). Nothing for a passphrase
/// that is not ASCII: such would need Unicode normalisation.
[[nodiscard]] std::optional<SecretBytes> seed_of_words(std::string_view words,
                                                       std::string_view passphrase = {});

}  // namespace cairn
