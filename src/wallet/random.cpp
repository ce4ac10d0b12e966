#include "wallet/random.hpp"

#include <sodium.h>

#include <string_view>

#include "wallet/sodium.hpp"

namespace cairn {

void fill_random(std::span<std::uint8_t> out) {
    require_sodium();
    randombytes_buf(out.data(), out.size());
}

SecretText random_token() {
    constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    SecretBytes bytes{32};
    fill_random(bytes.writable());
    SecretBytes text{sodium_base64_ENCODED_LEN(32, kVariant)};
    sodium_bin2base64(reinterpret_cast<char*>(text.writable().data()), text.view().size(),
                      bytes.view().data(), bytes.view().size(), kVariant);
    return SecretText{as_text(text.view().first(text.view().size() - 1))};  // less the final zero
}

SecretText random_password() {
    static constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    static_assert(kAlphabet.size() == 32);  // so five bits of a random byte choose evenly
    SecretBytes text{26};
    fill_random(text.writable());
    for (auto& byte : text.writable()) byte = static_cast<std::uint8_t>(kAlphabet[byte & 31U]);
    return SecretText{std::move(text)};
}

}  // namespace cairn
