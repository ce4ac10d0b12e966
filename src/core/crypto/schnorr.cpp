#include "core/crypto/schnorr.hpp"

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/ensure.hpp"
#include "core/base/u256.hpp"

namespace cairn {
namespace {

// secp256k1's n, most significant byte first.
constexpr std::array<std::uint8_t, 32> kGroupOrder = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/// Overwrites in a way that the compiler may not leave out.
void wipe(void* data, std::size_t size) {
    std::memset(data, 0, size);
    __asm__ __volatile__("" : : "r"(data) : "memory");
}

/// A libsecp256k1 key pair holds the secret in clear, so it is wiped as a SecretKey is.
class KeyPair {
public:
    KeyPair(const secp256k1_context* context, const SecretKey& key) {
        ENSURE(secp256k1_keypair_create(context, &pair_, key.bytes().data()) == 1);
    }
    KeyPair(const KeyPair&) = delete;
    KeyPair& operator=(const KeyPair&) = delete;
    ~KeyPair() { wipe(&pair_, sizeof pair_); }
    [[nodiscard]] const secp256k1_keypair* get() const { return &pair_; }

private:
    secp256k1_keypair pair_{};
};

}  // namespace

std::optional<SecretKey> SecretKey::from_bytes(ByteView bytes) {
    if (bytes.size() != 32) return std::nullopt;
    if (secp256k1_ec_seckey_verify(secp256k1_context_static, bytes.data()) != 1)
        return std::nullopt;
    SecretKey key;
    std::copy(bytes.begin(), bytes.end(), key.bytes_.begin());
    return key;
}

std::optional<SecretKey> SecretKey::from_hash(const Hash256& hash) {
    // 2^256 is less than twice the order: one subtraction is the whole reduction.
    const U256 order = U256::from_big_endian(kGroupOrder);
    U256 value = U256::from_big_endian(hash.bytes);
    if (value >= order) value = value - order;
    auto bytes = value.to_big_endian();
    auto key = from_bytes(bytes);
    wipe(bytes.data(), bytes.size());
    wipe(&value, sizeof value);
    return key;
}

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_{other.bytes_} {
    wipe(other.bytes_.data(), other.bytes_.size());
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
    if (this == &other) return *this;
    bytes_ = other.bytes_;
    wipe(other.bytes_.data(), other.bytes_.size());
    return *this;
}

SecretKey::~SecretKey() { wipe(bytes_.data(), bytes_.size()); }

SecretKey SecretKey::clone() const {
    SecretKey copy;
    copy.bytes_ = bytes_;
    return copy;
}

bool schnorr_verify(const Address& key, ByteView message, const Signature& signature) {
    secp256k1_xonly_pubkey point;
    if (secp256k1_xonly_pubkey_parse(secp256k1_context_static, &point, key.bytes.data()) != 1)
        return false;
    return secp256k1_schnorrsig_verify(secp256k1_context_static, signature.bytes.data(),
                                       message.data(), message.size(), &point) == 1;
}

struct SchnorrSigner::Context {
    Context() : handle{secp256k1_context_create(SECP256K1_CONTEXT_NONE)} {
        ENSURE(handle != nullptr);
    }
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() { secp256k1_context_destroy(handle); }

    secp256k1_context* handle;
};

SchnorrSigner::SchnorrSigner(const std::array<std::uint8_t, 32>& seed)
    : context_{std::make_unique<Context>()} {
    ENSURE(secp256k1_context_randomize(context_->handle, seed.data()) == 1);
}

SchnorrSigner::~SchnorrSigner() = default;
SchnorrSigner::SchnorrSigner(SchnorrSigner&&) noexcept = default;
SchnorrSigner& SchnorrSigner::operator=(SchnorrSigner&&) noexcept = default;

Signature SchnorrSigner::sign(const SecretKey& key, ByteView message,
                              const std::array<std::uint8_t, 32>& aux) const {
    const KeyPair pair{context_->handle, key};
    auto randomness = aux;  // the library asks for a mutable pointer
    secp256k1_schnorrsig_extraparams params = SECP256K1_SCHNORRSIG_EXTRAPARAMS_INIT;
    params.ndata = randomness.data();
    Signature signature;
    ENSURE(secp256k1_schnorrsig_sign_custom(context_->handle, signature.bytes.data(),
                                            message.data(), message.size(), pair.get(),
                                            &params) == 1);
    wipe(randomness.data(), randomness.size());
    return signature;
}

Address SchnorrSigner::public_key(const SecretKey& key) const {
    const KeyPair pair{context_->handle, key};
    secp256k1_xonly_pubkey point;
    ENSURE(secp256k1_keypair_xonly_pub(context_->handle, &point, nullptr, pair.get()) == 1);
    Address address;
    ENSURE(secp256k1_xonly_pubkey_serialize(context_->handle, address.bytes.data(), &point) == 1);
    return address;
}

std::array<std::uint8_t, 33> SchnorrSigner::compressed_public_key(const SecretKey& key) const {
    secp256k1_pubkey point;
    ENSURE(secp256k1_ec_pubkey_create(context_->handle, &point, key.bytes().data()) == 1);
    std::array<std::uint8_t, 33> bytes{};
    std::size_t size = bytes.size();
    ENSURE(secp256k1_ec_pubkey_serialize(context_->handle, bytes.data(), &size, &point,
                                         SECP256K1_EC_COMPRESSED) == 1);
    return bytes;
}

std::optional<SecretKey> SchnorrSigner::add(const SecretKey& key, ByteView tweak32) const {
    if (tweak32.size() != 32) return std::nullopt;
    auto bytes = key.bytes();
    std::optional<SecretKey> sum;
    if (secp256k1_ec_seckey_tweak_add(context_->handle, bytes.data(), tweak32.data()) == 1)
        sum = SecretKey::from_bytes(bytes);
    wipe(bytes.data(), bytes.size());
    return sum;
}

}  // namespace cairn
