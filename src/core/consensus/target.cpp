#include "core/consensus/target.hpp"

namespace cairn {
namespace {

constexpr std::uint32_t kSignBit = 0x00800000;
constexpr std::uint32_t kMantissaMask = 0x007fffff;

}  // namespace

std::optional<U256> expand(CompactBits bits) {
    if ((bits.value & kSignBit) != 0) return std::nullopt;
    const unsigned size = bits.value >> 24;
    const U256 mantissa{bits.value & kMantissaMask};
    if (mantissa.is_zero() || size > 34) return std::nullopt;
    if (mantissa.bit_length() + 8 * (static_cast<int>(size) - 3) > 256) return std::nullopt;
    const U256 target = size <= 3 ? mantissa >> 8 * (3 - size) : mantissa << 8 * (size - 3);
    if (compress(target) != bits) return std::nullopt;
    return target;
}

CompactBits compress(const U256& target) {
    auto size = static_cast<unsigned>(target.bit_length() + 7) / 8;
    auto mantissa = static_cast<std::uint32_t>(
        (size <= 3 ? target << 8 * (3 - size) : target >> 8 * (size - 3)).low64());
    // The top bit of the mantissa is a sign: where the number needs it, the mantissa gives way.
    if ((mantissa & kSignBit) != 0) {
        mantissa >>= 8;
        ++size;
    }
    return {size << 24 | mantissa};
}

ChainWork work_of(const U256& target) {
    if (target == U256::max()) return U256{1};
    // 2^256 itself does not fit: floor(2^256 / d) is floor((2^256 - d) / d) + 1.
    const U256 divisor = target + U256{1};
    return (U256{} - divisor) / divisor + U256{1};
}

bool meets(const BlockHash& hash, const U256& target) {
    return U256::from_little_endian(hash.bytes) <= target;
}

double difficulty_of(const U256& target) {
    static const U256 unit = U256{0xffff} << 208;  // 1d00ffff
    return unit.to_double() / target.to_double();
}

}  // namespace cairn
