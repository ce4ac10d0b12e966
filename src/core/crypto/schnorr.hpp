#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/public_key.hpp"

namespace cairn {

/// A secret key that is in range; wiped when it goes. Cannot be printed, compared or copied by
/// accident.
class SecretKey {
public:
    /// Nothing if the 32 bytes are zero or not below the group order.
    static std::optional<SecretKey> from_bytes(ByteView bytes);
    /// The 32 bytes taken modulo the group order (names, docs/consensus.md).
    static std::optional<SecretKey> from_hash(const Hash256& hash);
    SecretKey(const SecretKey&) = delete;
    SecretKey& operator=(const SecretKey&) = delete;
    SecretKey(SecretKey&& other) noexcept;
    SecretKey& operator=(SecretKey&& other) noexcept;
    ~SecretKey();

    [[nodiscard]] SecretKey clone() const;
    [[nodiscard]] const std::array<std::uint8_t, 32>& bytes() const { return bytes_; }

private:
    SecretKey() = default;
    std::array<std::uint8_t, 32> bytes_{};
};

/// Whether `signature` is BIP340's of `message` (any length) under the x-only key `key`. Any
/// thread.
[[nodiscard]] bool schnorr_verify(const Address& key, ByteView message, const Signature& signature);

/// Signs with BIP340. Holds a context blinded with `seed`; one signer a thread, or behind a lock.
class SchnorrSigner {
public:
    explicit SchnorrSigner(const std::array<std::uint8_t, 32>& seed);
    ~SchnorrSigner();
    SchnorrSigner(SchnorrSigner&&) noexcept;
    SchnorrSigner& operator=(SchnorrSigner&&) noexcept;

    /// `aux` is BIP340's auxiliary randomness; zeros are allowed.
    [[nodiscard]] Signature sign(const SecretKey& key, ByteView message,
                                 const std::array<std::uint8_t, 32>& aux) const;
    [[nodiscard]] Address public_key(const SecretKey& key) const;
    /// The compressed point (33 bytes, BIP32 needs it).
    [[nodiscard]] std::array<std::uint8_t, 33> compressed_public_key(const SecretKey& key) const;
    /// (key + tweak) mod n, or nothing if that is zero or the tweak is out of range (BIP32).
    [[nodiscard]] std::optional<SecretKey> add(const SecretKey& key, ByteView tweak32) const;

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

}  // namespace cairn
