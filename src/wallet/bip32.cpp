#include "wallet/bip32.hpp"

#include <sodium.h>

#include <algorithm>

#include "core/base/ensure.hpp"
#include "wallet/secret.hpp"
#include "wallet/sodium.hpp"

namespace cairn {
namespace {

/// HMAC-SHA512 of the parts joined.
SecretBytes hmac_sha512(ByteView key, std::initializer_list<ByteView> parts) {
    require_sodium();
    SecretBytes state_memory{sizeof(crypto_auth_hmacsha512_state)};
    auto* state = reinterpret_cast<crypto_auth_hmacsha512_state*>(state_memory.writable().data());
    crypto_auth_hmacsha512_init(state, key.data(), key.size());
    for (const auto part : parts) crypto_auth_hmacsha512_update(state, part.data(), part.size());
    SecretBytes mac{crypto_auth_hmacsha512_BYTES};
    crypto_auth_hmacsha512_final(state, mac.writable().data());
    return mac;
}

}  // namespace

ExtendedKey::~ExtendedKey() { wipe(chain_code_); }

ExtendedKey ExtendedKey::from_parts(SecretKey key, ByteView chain_code) {
    ENSURE(chain_code.size() == 32);
    std::array<std::uint8_t, 32> code;
    std::copy(chain_code.begin(), chain_code.end(), code.begin());
    return {std::move(key), code};
}

std::optional<ExtendedKey> ExtendedKey::from_seed(ByteView seed) {
    if (seed.size() < 16 || seed.size() > 64) return std::nullopt;
    const auto mac = hmac_sha512(as_bytes("Bitcoin seed"), {seed});
    auto key = SecretKey::from_bytes(mac.view().first(32));
    if (!key) return std::nullopt;
    return from_parts(std::move(*key), mac.view().last(32));
}

std::optional<ExtendedKey> ExtendedKey::child(std::uint32_t index,
                                              const SchnorrSigner& signer) const {
    const std::array<std::uint8_t, 4> serial = {
        static_cast<std::uint8_t>(index >> 24), static_cast<std::uint8_t>(index >> 16),
        static_cast<std::uint8_t>(index >> 8), static_cast<std::uint8_t>(index)};
    static constexpr std::array<std::uint8_t, 1> kZero = {0};
    // The key goes in with all its 32 bytes: dropping leading zeros is the bug of test vectors 3
    // and 4.
    const auto mac = index >= kHardened
                         ? hmac_sha512(chain_code_, {kZero, key_.bytes(), serial})
                         : hmac_sha512(chain_code_, {signer.compressed_public_key(key_), serial});
    auto key = signer.add(key_, mac.view().first(32));
    if (!key) return std::nullopt;
    return from_parts(std::move(*key), mac.view().last(32));
}

std::optional<ExtendedKey> ExtendedKey::descendant(std::span<const std::uint32_t> path,
                                                   const SchnorrSigner& signer) const {
    auto at = std::optional{from_parts(key_.clone(), chain_code_)};
    for (const auto index : path) {
        at = at->child(index, signer);
        if (!at) return std::nullopt;
    }
    return at;
}

}  // namespace cairn
