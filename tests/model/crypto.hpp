#pragma once

#include <string_view>

#include "model/bytes.hpp"

namespace model {

Bytes32 sha256(View bytes);
/// H(x) = SHA-256(SHA-256(x)).
Bytes32 double_sha256(View bytes);
/// BIP340's tagged hash.
Bytes32 tagged_hash(std::string_view tag, View bytes);
/// BIP340, by libsecp256k1. False as well when `key` is no x coordinate of the curve.
bool signature_is_valid(const Bytes32& key, View message,
                        const std::array<std::uint8_t, 64>& signature);
/// The x-only key of a secret, for tests; and a signature with no auxiliary randomness.
Bytes32 public_key(const Bytes32& secret);
std::array<std::uint8_t, 64> sign(const Bytes32& secret, const Bytes32& message);

}  // namespace model
