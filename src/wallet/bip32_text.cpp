#include "wallet/bip32_text.hpp"

#include <secp256k1.h>

#include <algorithm>

#include "core/crypto/sha256.hpp"
#include "wallet/secret.hpp"

namespace cairn {
namespace {

// version 4 | depth 1 | parent fingerprint 4 | child number 4 | chain code 32 | key 33 | checksum 4
constexpr std::size_t kSize = 82;
constexpr std::size_t kChecksumAt = 78;
constexpr std::size_t kTextMax = 112;
constexpr std::array<std::uint8_t, 4> kPrivate = {0x04, 0x88, 0xad, 0xe4};
constexpr std::array<std::uint8_t, 4> kPublic = {0x04, 0x88, 0xb2, 0x1e};

/// Base58 of exactly `kSize` bytes. No leading zeros to keep: the version does not begin with one.
std::optional<SecretBytes> from_base58(std::string_view text) {
    static constexpr std::string_view kAlphabet =
        "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if (text.size() > kTextMax) return std::nullopt;
    SecretBytes number{kSize};
    for (const char c : text) {
        const auto digit = kAlphabet.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        auto carry = static_cast<std::uint32_t>(digit);
        for (std::size_t i = kSize; i-- > 0;) {
            carry += std::uint32_t{number.view()[i]} * 58;
            number.writable()[i] = static_cast<std::uint8_t>(carry);
            carry >>= 8;
        }
        if (carry != 0) return std::nullopt;
    }
    return number;
}

bool is_on_curve(ByteView compressed) {
    secp256k1_pubkey parsed;
    return secp256k1_ec_pubkey_parse(secp256k1_context_static, &parsed, compressed.data(),
                                     compressed.size()) == 1;
}

bool is_zero(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<ExtendedKeyText> parse_extended_key(std::string_view text) {
    const auto decoded = from_base58(text);
    if (!decoded) return std::nullopt;
    const auto bytes = decoded->view();
    const auto checksum = sha256d(bytes.first(kChecksumAt));
    const auto version = bytes.first(4);
    const auto parent_and_number = bytes.subspan(5, 8);
    const auto key = bytes.subspan(45, 33);
    if (!std::equal(bytes.begin() + kChecksumAt, bytes.end(), checksum.bytes.begin()))
        return std::nullopt;
    if (bytes[4] == 0 && !is_zero(parent_and_number)) return std::nullopt;

    ExtendedKeyText parsed{bytes[4], {}, 0, {}, std::array<std::uint8_t, 33>{}};
    std::copy_n(parent_and_number.begin(), 4, parsed.parent_fingerprint.begin());
    for (const auto byte : parent_and_number.last(4))
        parsed.child_number = (parsed.child_number << 8) | byte;
    std::copy_n(bytes.begin() + 13, 32, parsed.chain_code.begin());

    if (std::equal(version.begin(), version.end(), kPrivate.begin())) {
        auto secret = SecretKey::from_bytes(key.last(32));
        if (key[0] != 0 || !secret) return std::nullopt;
        parsed.key = std::move(*secret);
        return parsed;
    }
    if (!std::equal(version.begin(), version.end(), kPublic.begin()) || !is_on_curve(key))
        return std::nullopt;
    std::copy(key.begin(), key.end(), std::get<std::array<std::uint8_t, 33>>(parsed.key).begin());
    return parsed;
}

}  // namespace cairn
