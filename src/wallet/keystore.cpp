#include "wallet/keystore.hpp"

#include <sodium.h>

#include <algorithm>

#include "core/base/ensure.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

constexpr std::array<std::uint8_t, 4> kMagic = {'C', 'K', 'S', '1'};
constexpr std::size_t kMemoryAt = 4;
constexpr std::size_t kPassesAt = 8;
constexpr std::size_t kSaltAt = 12;
constexpr std::size_t kNonceAt = 28;
constexpr std::size_t kHeaderSize = 52;
constexpr std::size_t kSecretSize = 32;

static_assert(kNonceAt - kSaltAt == std::tuple_size_v<Argon2Salt>);
static_assert(kHeaderSize - kNonceAt == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kHeaderSize + kSecretSize + crypto_aead_xchacha20poly1305_ietf_ABYTES ==
              kKeystoreSize);

void put_u32(std::uint8_t* to, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint32_t get_u32(const std::uint8_t* from) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= std::uint32_t{from[i]} << (8 * i);
    return value;
}

/// The key of a header with salt and cost filled in.
std::optional<SecretBytes> derive_key(ByteView header, const SecretText& password) {
    Argon2Salt salt;
    std::copy_n(header.begin() + kSaltAt, salt.size(), salt.begin());
    const Argon2Cost cost{get_u32(&header[kMemoryAt]), get_u32(&header[kPassesAt])};
    SecretBytes key{crypto_aead_xchacha20poly1305_ietf_KEYBYTES};
    if (!argon2id(key.writable(), password, salt, cost)) return std::nullopt;
    return key;
}

Bytes associated_data(ByteView header, ByteView context) {
    Bytes data;
    data.reserve(header.size() + context.size());
    append(data, header);
    append(data, context);
    return data;
}

}  // namespace

std::optional<Keystore> seal_keystore(ByteView secret, const SecretText& password, ByteView context,
                                      const Argon2Cost& cost) {
    ENSURE(secret.size() == kSecretSize);
    Keystore keystore{};
    std::copy(kMagic.begin(), kMagic.end(), keystore.begin());
    put_u32(&keystore[kMemoryAt], cost.memory_kib);
    put_u32(&keystore[kPassesAt], cost.passes);
    fill_random(std::span{keystore}.subspan(kSaltAt, kHeaderSize - kSaltAt));

    const auto header = ByteView{keystore}.first(kHeaderSize);
    const auto key = derive_key(header, password);
    if (!key) return std::nullopt;
    const auto data = associated_data(header, context);
    crypto_aead_xchacha20poly1305_ietf_encrypt(&keystore[kHeaderSize], nullptr, secret.data(),
                                               secret.size(), data.data(), data.size(), nullptr,
                                               &keystore[kNonceAt], key->view().data());
    return keystore;
}

Result<SecretBytes, KeystoreError> open_keystore(ByteView keystore, const SecretText& password,
                                                 ByteView context) {
    if (keystore.size() != kKeystoreSize ||
        !std::equal(kMagic.begin(), kMagic.end(), keystore.begin()))
        return fail(KeystoreError::cannot_open);
    const auto header = keystore.first(kHeaderSize);
    const auto key = derive_key(header, password);
    if (!key) return fail(KeystoreError::cannot_open);
    const auto data = associated_data(header, context);
    SecretBytes secret{kSecretSize};
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            secret.writable().data(), nullptr, nullptr, &keystore[kHeaderSize],
            kKeystoreSize - kHeaderSize, data.data(), data.size(), &keystore[kNonceAt],
            key->view().data()) != 0)
        return fail(KeystoreError::cannot_open);
    return secret;
}

}  // namespace cairn
