#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"

namespace cairn {

/// An unsigned integer of 256 bits: targets and chain work. Arithmetic wraps as `unsigned` does
/// unless a function says otherwise.
class U256 {
public:
    constexpr U256() = default;
    constexpr explicit U256(std::uint64_t low) : limbs_{low, 0, 0, 0} {}

    static constexpr U256 max() {
        U256 value;
        value.limbs_.fill(~std::uint64_t{0});
        return value;
    }
    /// From or to 32 bytes, least significant first (as a block hash stands in memory).
    static U256 from_little_endian(std::span<const std::uint8_t, 32> bytes);
    [[nodiscard]] std::array<std::uint8_t, 32> to_little_endian() const;
    /// To 32 bytes, most significant first: sorts as the number does.
    [[nodiscard]] std::array<std::uint8_t, 32> to_big_endian() const;
    static U256 from_big_endian(std::span<const std::uint8_t, 32> bytes);

    [[nodiscard]] constexpr std::uint64_t low64() const { return limbs_[0]; }
    [[nodiscard]] constexpr bool is_zero() const { return *this == U256{}; }
    /// Position of the highest set bit plus one; 0 of zero.
    [[nodiscard]] int bit_length() const;
    /// The nearest double, for people to read.
    [[nodiscard]] double to_double() const;

    friend constexpr bool operator==(const U256&, const U256&) = default;
    friend constexpr std::strong_ordering operator<=>(const U256& a, const U256& b) {
        for (std::size_t i = 4; i-- > 0;)
            if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
        return std::strong_ordering::equal;
    }

    friend U256 operator+(const U256& a, const U256& b);
    friend U256 operator-(const U256& a, const U256& b);
    friend U256 operator~(const U256& a);
    friend U256 operator<<(const U256& a, unsigned bits);
    friend U256 operator>>(const U256& a, unsigned bits);
    /// Floor of a / b; b is not zero.
    friend U256 operator/(const U256& a, const U256& b);
    /// a · b, or nothing if that needs more than 256 bits.
    friend std::optional<U256> checked_multiply(const U256& a, std::uint64_t b);

private:
    std::array<std::uint64_t, 4> limbs_{};  // least significant first
};

}  // namespace cairn
