#include "wallet/bip39.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/base/ensure.hpp"
#include "core/crypto/sha256.hpp"
#include "wallet/bip39_words.hpp"

namespace cairn {
namespace {

constexpr std::size_t kBitsPerWord = 11;
constexpr std::size_t kEntropyMax = 32;
constexpr std::size_t kWordsMax = 24;

bool is_entropy_size(std::size_t bytes) {
    return bytes >= 16 && bytes <= kEntropyMax && bytes % 4 == 0;
}

/// Entropy and behind it the byte that begins with the checksum.
SecretBytes with_checksum(ByteView entropy) {
    SecretBytes all{entropy.size() + 1};
    std::copy(entropy.begin(), entropy.end(), all.writable().begin());
    auto hash = sha256(entropy);
    all.writable().back() = hash.bytes[0];
    wipe(hash.bytes);
    return all;
}

bool bit_at(ByteView bytes, std::size_t index) {
    return ((bytes[index / 8] >> (7 - index % 8)) & 1) != 0;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// The next word of `rest` in small letters, or an empty one at the end; too long a word is cut,
/// and then is in no list.
struct Word {
    std::array<char, kBip39WordMax + 1> letters{};
    std::size_t size = 0;
    [[nodiscard]] std::string_view view() const { return {letters.data(), size}; }
};
Word take_word(std::string_view& rest) {
    while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
    Word word;
    while (!rest.empty() && !is_blank(rest.front())) {
        char c = rest.front();
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (word.size < word.letters.size()) word.letters[word.size++] = c;
        rest.remove_prefix(1);
    }
    return word;
}

}  // namespace

std::optional<SecretText> words_of_entropy(ByteView entropy) {
    if (!is_entropy_size(entropy.size())) return std::nullopt;
    const auto bits = with_checksum(entropy);
    const std::size_t count = entropy.size() * 3 / 4;

    SecretBytes room{count * (kBip39WordMax + 1)};
    auto end = room.writable().begin();
    for (std::size_t word = 0; word < count; ++word) {
        std::size_t index = 0;
        for (std::size_t bit = 0; bit < kBitsPerWord; ++bit)
            index = index * 2 + (bit_at(bits.view(), word * kBitsPerWord + bit) ? 1 : 0);
        if (word > 0) *end++ = ' ';
        end = std::copy(kBip39English[index].begin(), kBip39English[index].end(), end);
    }
    const auto size = static_cast<std::size_t>(end - room.writable().begin());
    return SecretText{as_text(room.view().first(size))};
}

std::optional<SecretBytes> entropy_of_words(std::string_view words) {
    SecretBytes bits{kEntropyMax + 1};
    std::size_t count = 0;
    for (auto word = take_word(words); word.size > 0; word = take_word(words), ++count) {
        const auto* found =
            std::lower_bound(kBip39English.begin(), kBip39English.end(), word.view());
        if (count == kWordsMax || found == kBip39English.end() || *found != word.view())
            return std::nullopt;
        const auto index = static_cast<std::size_t>(found - kBip39English.begin());
        for (std::size_t bit = 0; bit < kBitsPerWord; ++bit) {
            const auto at = count * kBitsPerWord + bit;
            const auto value = (index >> (kBitsPerWord - 1 - bit)) & 1U;
            bits.writable()[at / 8] =
                static_cast<std::uint8_t>(bits.view()[at / 8] | (value << (7 - at % 8)));
        }
    }
    const std::size_t size = count * 4 / 3;
    if (count % 3 != 0 || !is_entropy_size(size)) return std::nullopt;

    const auto expected = with_checksum(bits.view().first(size));
    const auto unused = 8 - size / 4;  // of the checksum's byte
    if (((expected.view()[size] ^ bits.view()[size]) >> unused) != 0) return std::nullopt;
    return SecretBytes::copy_of(bits.view().first(size));
}

std::optional<SecretBytes> seed_of_words(std::string_view words, std::string_view passphrase) {
    const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (!std::all_of(passphrase.begin(), passphrase.end(), ascii)) return std::nullopt;
    constexpr std::string_view kSalt = "mnemonic";
    SecretBytes salt{kSalt.size() + passphrase.size()};
    std::copy(passphrase.begin(), passphrase.end(),
              std::copy(kSalt.begin(), kSalt.end(), salt.writable().begin()));

    SecretBytes seed{64};
    ENSURE(PKCS5_PBKDF2_HMAC(words.data(), static_cast<int>(words.size()), salt.view().data(),
                             static_cast<int>(salt.view().size()), 2048, EVP_sha512(),
                             static_cast<int>(seed.view().size()), seed.writable().data()) == 1);
    return seed;
}

}  // namespace cairn
