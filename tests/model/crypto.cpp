#include "model/crypto.hpp"

#include <openssl/evp.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include <cstdlib>

namespace model {

Bytes32 sha256(View bytes) {
    Bytes32 out{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) {
        std::abort();
    }
    return out;
}

Bytes32 double_sha256(View bytes) { return sha256(sha256(bytes)); }

Bytes32 tagged_hash(std::string_view tag, View bytes) {
    const auto prefix = sha256(Bytes(tag.begin(), tag.end()));
    return sha256(Writer{}.raw(prefix).raw(prefix).raw(bytes).done());
}

bool signature_is_valid(const Bytes32& key, View message,
                        const std::array<std::uint8_t, 64>& signature) {
    secp256k1_xonly_pubkey parsed;
    return secp256k1_xonly_pubkey_parse(secp256k1_context_static, &parsed, key.data()) == 1 &&
           secp256k1_schnorrsig_verify(secp256k1_context_static, signature.data(), message.data(),
                                       message.size(), &parsed) == 1;
}

namespace {

secp256k1_keypair keypair(const Bytes32& secret) {
    static secp256k1_context* const context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    secp256k1_keypair pair;
    if (secp256k1_keypair_create(context, &pair, secret.data()) != 1) std::abort();
    return pair;
}

}  // namespace

Bytes32 public_key(const Bytes32& secret) {
    const auto pair = keypair(secret);
    secp256k1_xonly_pubkey key;
    Bytes32 out{};
    if (secp256k1_keypair_xonly_pub(secp256k1_context_static, &key, nullptr, &pair) != 1 ||
        secp256k1_xonly_pubkey_serialize(secp256k1_context_static, out.data(), &key) != 1) {
        std::abort();
    }
    return out;
}

std::array<std::uint8_t, 64> sign(const Bytes32& secret, const Bytes32& message) {
    static secp256k1_context* const context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    const auto pair = keypair(secret);
    std::array<std::uint8_t, 64> out{};
    if (secp256k1_schnorrsig_sign32(context, out.data(), message.data(), &pair, nullptr) != 1) {
        std::abort();
    }
    return out;
}

}  // namespace model
