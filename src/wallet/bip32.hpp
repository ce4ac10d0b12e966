#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "core/base/bytes.hpp"
#include "core/crypto/schnorr.hpp"

namespace cairn {

/// Added to an index for hardened derivation.
inline constexpr std::uint32_t kHardened = 0x80000000U;

/// A private key and chain code of BIP32. Wiped when it goes.
class ExtendedKey {
public:
    /// From a seed of 16 to 64 bytes; nothing for another size, or if the seed's key is zero or not
    /// below the group order (chance below 2^-127).
    static std::optional<ExtendedKey> from_seed(ByteView seed);
    /// Of known parts; `chain_code` has 32 bytes.
    static ExtendedKey from_parts(SecretKey key, ByteView chain_code);
    ExtendedKey(ExtendedKey&&) noexcept = default;
    ExtendedKey& operator=(ExtendedKey&&) noexcept = default;
    ExtendedKey(const ExtendedKey&) = delete;
    ExtendedKey& operator=(const ExtendedKey&) = delete;
    ~ExtendedKey();

    /// The child of `index`; `index >= kHardened` is a hardened one. Nothing if that child's key is
    /// invalid (chance below 2^-127): BIP32 tells to go on with the next index.
    [[nodiscard]] std::optional<ExtendedKey> child(std::uint32_t index,
                                                   const SchnorrSigner& signer) const;
    [[nodiscard]] std::optional<ExtendedKey> descendant(std::span<const std::uint32_t> path,
                                                        const SchnorrSigner& signer) const;

    [[nodiscard]] const SecretKey& key() const { return key_; }
    [[nodiscard]] const std::array<std::uint8_t, 32>& chain_code() const { return chain_code_; }

private:
    ExtendedKey(SecretKey key, const std::array<std::uint8_t, 32>& chain_code)
        : key_{std::move(key)}, chain_code_{chain_code} {}

    SecretKey key_;
    std::array<std::uint8_t, 32> chain_code_;
};

/// m/44'/1'/0'/0/0, where every user's key is. Coin type 1 is SLIP-44's "testnet of all coins".
inline constexpr std::array<std::uint32_t, 5> kAccountPath = {44 + kHardened, 1 + kHardened,
                                                              0 + kHardened, 0, 0};

}  // namespace cairn
