#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "core/base/bytes.hpp"
#include "core/crypto/schnorr.hpp"
#include "core/primitives/public_key.hpp"

namespace cairn {

/// A user's key, ready to sign: in locked memory, wiped with the last reference to it. Any thread.
class UnlockedKey {
public:
    explicit UnlockedKey(SecretKey key);
    /// In locked memory.
    static std::shared_ptr<const UnlockedKey> make(SecretKey key);

    [[nodiscard]] const Address& address() const { return address_; }
    /// BIP340 with fresh auxiliary randomness.
    [[nodiscard]] Signature sign(ByteView message) const;
    /// For the code that builds and signs a transfer in one go.
    [[nodiscard]] const SecretKey& key() const { return key_; }

private:
    SecretKey key_;
    mutable std::mutex mutex_;  // guards signer_
    SchnorrSigner signer_;
    Address address_;
};

/// The key at m/44'/1'/0'/0/0 of a mnemonic's entropy without passphrase: what any BIP39 and BIP32
/// implementation gets from the same words. Nothing if the entropy has no valid size or the path no
/// valid key (chance below 2^-124). Takes about a millisecond.
[[nodiscard]] std::optional<SecretKey> key_of_entropy(ByteView entropy);

}  // namespace cairn
