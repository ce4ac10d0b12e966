#include "core/crypto/bech32m.hpp"

#include <algorithm>
#include <array>

namespace cairn {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::uint32_t kChecksumConstant = 0x2bc830a3;
constexpr std::size_t kTextMax = 90;
constexpr std::size_t kChecksumSize = 6;

/// The remainder of a polynomial over GF(32) by BIP173's generator, fed one coefficient at a time.
class Checksum {
public:
    void feed(std::uint8_t value) {
        static constexpr std::array<std::uint32_t, 5> kGenerator = {
            0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
        const std::uint32_t top = rest_ >> 25;
        rest_ = (rest_ & 0x1ffffff) << 5 ^ value;
        for (unsigned i = 0; i < 5; ++i)
            if ((top >> i & 1U) != 0) rest_ ^= kGenerator[i];
    }
    void feed_prefix(std::string_view prefix) {
        for (const char c : prefix) feed(static_cast<std::uint8_t>(c >> 5));
        feed(0);
        for (const char c : prefix) feed(static_cast<std::uint8_t>(c & 31));
    }
    [[nodiscard]] std::uint32_t rest() const { return rest_; }

private:
    std::uint32_t rest_ = 1;
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_printable(char c) { return c >= 33 && c <= 126; }
char lowered(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::optional<Bech32m> bech32m_decode(std::string_view text) {
    if (text.size() > kTextMax) return std::nullopt;
    if (!std::all_of(text.begin(), text.end(), is_printable)) return std::nullopt;
    if (std::any_of(text.begin(), text.end(), is_upper) &&
        std::any_of(text.begin(), text.end(), is_lower))
        return std::nullopt;
    const std::size_t separator = text.rfind('1');
    if (separator == std::string_view::npos || separator == 0) return std::nullopt;
    if (text.size() - separator - 1 < kChecksumSize) return std::nullopt;

    Bech32m decoded;
    decoded.prefix.resize(separator);
    std::transform(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(separator),
                   decoded.prefix.begin(), lowered);
    decoded.values.reserve(text.size() - separator - 1);
    Checksum checksum;
    checksum.feed_prefix(decoded.prefix);
    for (const char c : text.substr(separator + 1)) {
        const std::size_t value = kAlphabet.find(lowered(c));
        if (value == std::string_view::npos) return std::nullopt;
        decoded.values.push_back(static_cast<std::uint8_t>(value));
        checksum.feed(decoded.values.back());
    }
    if (checksum.rest() != kChecksumConstant) return std::nullopt;
    decoded.values.resize(decoded.values.size() - kChecksumSize);
    return decoded;
}

std::string bech32m_encode(std::string_view prefix, ByteView values) {
    if (prefix.empty() || prefix.size() + 1 + values.size() + kChecksumSize > kTextMax) return {};
    if (!std::all_of(prefix.begin(), prefix.end(), is_printable)) return {};
    if (std::any_of(prefix.begin(), prefix.end(), is_upper)) return {};
    if (std::any_of(values.begin(), values.end(), [](std::uint8_t v) { return v >= 32; }))
        return {};

    std::string text{prefix};
    text.push_back('1');
    Checksum checksum;
    checksum.feed_prefix(prefix);
    for (const auto value : values) {
        checksum.feed(value);
        text.push_back(kAlphabet[value]);
    }
    for (std::size_t i = 0; i < kChecksumSize; ++i) checksum.feed(0);
    const std::uint32_t rest = checksum.rest() ^ kChecksumConstant;
    for (std::size_t i = 0; i < kChecksumSize; ++i)
        text.push_back(kAlphabet[rest >> (5 * (kChecksumSize - 1 - i)) & 31]);
    return text;
}

Bytes to_five_bits(ByteView bytes) {
    Bytes values;
    values.reserve((bytes.size() * 8 + 4) / 5);
    std::uint32_t window = 0;
    unsigned held = 0;
    for (const auto byte : bytes) {
        window = (window << 8 | byte) & 0xfff;
        for (held += 8; held >= 5;) {
            held -= 5;
            values.push_back(static_cast<std::uint8_t>(window >> held & 31));
        }
    }
    if (held > 0) values.push_back(static_cast<std::uint8_t>(window << (5 - held) & 31));
    return values;
}

std::optional<Bytes> from_five_bits(ByteView values) {
    Bytes bytes;
    bytes.reserve(values.size() * 5 / 8);
    std::uint32_t window = 0;
    unsigned held = 0;
    for (const auto value : values) {
        if (value >= 32) return std::nullopt;
        window = (window << 5 | value) & 0xfff;
        held += 5;
        if (held >= 8) {
            held -= 8;
            bytes.push_back(static_cast<std::uint8_t>(window >> held));
        }
    }
    if (held >= 5) return std::nullopt;
    if ((window & ((1U << held) - 1)) != 0) return std::nullopt;
    return bytes;
}

}  // namespace cairn
