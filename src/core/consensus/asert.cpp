#include "core/consensus/asert.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"

namespace cairn {
namespace {

__extension__ using i128 = __int128;

constexpr int kFractionBits = 16;

/// 65536 · 2^(fraction / 65536), in [65536, 131071]: the published cubic, below 2^64 throughout.
std::uint64_t exponential(std::uint64_t fraction) {
    const std::uint64_t cubic = 195'766'423'245'049ULL * fraction +
                                971'821'376ULL * fraction * fraction +
                                5'127ULL * fraction * fraction * fraction + (1ULL << 47);
    return 65'536 + (cubic >> 48);
}

/// floor(target · factor · 2^shift), or `limit` if that is the smaller. `factor` is below 2^17.
U256 scaled(const U256& target, std::uint64_t factor, int shift, const U256& limit) {
    // The product has up to 273 bits: it is kept as high · 2^32 + low.
    constexpr int kLowBits = 32;
    const std::uint64_t low_product = (target.low64() & 0xffffffff) * factor;
    const auto high_product = checked_multiply(target >> kLowBits, factor);
    ENSURE(high_product.has_value());  // 224 bits and 17
    const U256 high = *high_product + U256{low_product >> kLowBits};
    const std::uint64_t low = low_product & 0xffffffff;

    const int high_shift = shift + kLowBits;
    if (high_shift <= 0) return std::min(high >> static_cast<unsigned>(-high_shift), limit);
    const int bits = high.is_zero() ? U256{low}.bit_length() : high.bit_length() + kLowBits;
    if (bits + shift > 256) return limit;
    const U256 low_part =
        shift <= 0 ? U256{low >> -shift} : U256{low} << static_cast<unsigned>(shift);
    return std::min((high << static_cast<unsigned>(high_shift)) + low_part, limit);
}

}  // namespace

CompactBits asert_bits(const U256& anchor_target, std::int64_t time_delta, std::uint64_t blocks,
                       const AsertParams& params) {
    ENSURE(params.half_life > 0);
    // At most 2^63 + 2^32 · 2^64 seconds: with sixteen more bits still within 128.
    const i128 ahead = i128{time_delta} - i128{params.spacing} * i128{blocks};
    const i128 exponent = ahead * (i128{1} << kFractionBits) / params.half_life;
    const i128 doublings = exponent >> kFractionBits;  // rounds down
    const auto fraction = static_cast<std::uint64_t>(exponent & 0xffff);

    // Beyond ±512 doublings every target has reached one end or the other.
    const auto shift = static_cast<int>(std::clamp<i128>(doublings, -512, 512)) - kFractionBits;
    const U256 target = scaled(anchor_target, exponential(fraction), shift, params.limit);
    return compress(std::max(target, U256{1}));
}

}  // namespace cairn
