#include "wallet/unlocked_key.hpp"

#include "wallet/bip32.hpp"
#include "wallet/bip39.hpp"
#include "wallet/random.hpp"
#include "wallet/secret.hpp"

namespace cairn {

UnlockedKey::UnlockedKey(SecretKey key)
    : key_{std::move(key)}, signer_{random_bytes<32>()}, address_{signer_.public_key(key_)} {}

std::shared_ptr<const UnlockedKey> UnlockedKey::make(SecretKey key) {
    return std::allocate_shared<UnlockedKey>(LockedAllocator<UnlockedKey>{}, std::move(key));
}

Signature UnlockedKey::sign(ByteView message) const {
    const auto aux = random_bytes<32>();
    const std::lock_guard lock{mutex_};
    return signer_.sign(key_, message, aux);
}

std::optional<SecretKey> key_of_entropy(ByteView entropy) {
    const auto words = words_of_entropy(entropy);
    if (!words) return std::nullopt;
    const auto seed = seed_of_words(words->reveal());
    if (!seed) return std::nullopt;
    const auto master = ExtendedKey::from_seed(seed->view());
    if (!master) return std::nullopt;
    const SchnorrSigner signer{random_bytes<32>()};
    const auto account = master->descendant(kAccountPath, signer);
    if (!account) return std::nullopt;
    return account->key().clone();
}

}  // namespace cairn
