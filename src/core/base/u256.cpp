#include "core/base/u256.hpp"

#include <bit>
#include <cmath>

#include "core/base/ensure.hpp"

namespace cairn {
namespace {

__extension__ using u128 = unsigned __int128;

constexpr std::size_t kLimbs = 4;
constexpr unsigned kLimbBits = 64;

}  // namespace

U256 U256::from_little_endian(std::span<const std::uint8_t, 32> bytes) {
    U256 value;
    for (std::size_t i = 0; i < 32; ++i)
        value.limbs_[i / 8] |= std::uint64_t{bytes[i]} << (8 * (i % 8));
    return value;
}

U256 U256::from_big_endian(std::span<const std::uint8_t, 32> bytes) {
    U256 value;
    for (std::size_t i = 0; i < 32; ++i)
        value.limbs_[i / 8] |= std::uint64_t{bytes[31 - i]} << (8 * (i % 8));
    return value;
}

std::array<std::uint8_t, 32> U256::to_little_endian() const {
    std::array<std::uint8_t, 32> bytes{};
    for (std::size_t i = 0; i < 32; ++i)
        bytes[i] = static_cast<std::uint8_t>(limbs_[i / 8] >> (8 * (i % 8)));
    return bytes;
}

std::array<std::uint8_t, 32> U256::to_big_endian() const {
    std::array<std::uint8_t, 32> bytes{};
    for (std::size_t i = 0; i < 32; ++i)
        bytes[31 - i] = static_cast<std::uint8_t>(limbs_[i / 8] >> (8 * (i % 8)));
    return bytes;
}

int U256::bit_length() const {
    for (std::size_t i = kLimbs; i-- > 0;)
        if (limbs_[i] != 0)
            return static_cast<int>((i + 1) * kLimbBits) - std::countl_zero(limbs_[i]);
    return 0;
}

double U256::to_double() const {
    const int length = bit_length();
    if (length <= 64) return static_cast<double>(limbs_[0]);
    // A double keeps 53 of the 64 leading bits, so whatever lies below them matters only by whether
    // it is zero: one sticky bit makes the rounding of the whole that of the leading part.
    const auto below = static_cast<unsigned>(length - 64);
    const U256 leading = *this >> below;
    const bool rest = (leading << below) != *this;
    return std::ldexp(static_cast<double>(leading.limbs_[0] | (rest ? 1U : 0U)), length - 64);
}

U256 operator+(const U256& a, const U256& b) {
    U256 sum;
    u128 carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
        carry += u128{a.limbs_[i]} + b.limbs_[i];
        sum.limbs_[i] = static_cast<std::uint64_t>(carry);
        carry >>= kLimbBits;
    }
    return sum;
}

U256 operator-(const U256& a, const U256& b) { return a + ~b + U256{1}; }

U256 operator~(const U256& a) {
    U256 inverted;
    for (std::size_t i = 0; i < kLimbs; ++i) inverted.limbs_[i] = ~a.limbs_[i];
    return inverted;
}

U256 operator<<(const U256& a, unsigned bits) {
    U256 shifted;
    const std::size_t limbs = bits / kLimbBits;
    const unsigned rest = bits % kLimbBits;
    for (std::size_t i = limbs; i < kLimbs; ++i) {
        shifted.limbs_[i] = a.limbs_[i - limbs] << rest;
        if (rest != 0 && i > limbs)
            shifted.limbs_[i] |= a.limbs_[i - limbs - 1] >> (kLimbBits - rest);
    }
    return shifted;
}

U256 operator>>(const U256& a, unsigned bits) {
    U256 shifted;
    const std::size_t limbs = bits / kLimbBits;
    const unsigned rest = bits % kLimbBits;
    for (std::size_t i = 0; i + limbs < kLimbs; ++i) {
        shifted.limbs_[i] = a.limbs_[i + limbs] >> rest;
        if (rest != 0 && i + limbs + 1 < kLimbs)
            shifted.limbs_[i] |= a.limbs_[i + limbs + 1] << (kLimbBits - rest);
    }
    return shifted;
}

U256 operator/(const U256& a, const U256& b) {
    ENSURE(!b.is_zero());
    U256 quotient;
    U256 rest = a;
    for (int shift = a.bit_length() - b.bit_length(); shift >= 0; --shift) {
        const auto bits = static_cast<unsigned>(shift);
        const U256 part = b << bits;
        if (part > rest) continue;
        rest = rest - part;
        quotient.limbs_[bits / kLimbBits] |= std::uint64_t{1} << (bits % kLimbBits);
    }
    return quotient;
}

std::optional<U256> checked_multiply(const U256& a, std::uint64_t b) {
    U256 product;
    u128 carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
        carry += u128{a.limbs_[i]} * b;
        product.limbs_[i] = static_cast<std::uint64_t>(carry);
        carry >>= kLimbBits;
    }
    if (carry != 0) return std::nullopt;
    return product;
}

}  // namespace cairn
