#include "model/work.hpp"

#include <boost/multiprecision/integer.hpp>

namespace model {

namespace mp = boost::multiprecision;

std::optional<Big> target_of(std::uint32_t bits) {
    const unsigned size = bits >> 24;
    const std::uint32_t mantissa = bits & 0x007fffff;
    if ((bits & 0x00800000) != 0) return std::nullopt;
    const Big value =
        size <= 3 ? Big{mantissa} >> (8 * (3 - size)) : Big{mantissa} << (8 * (size - 3));
    if (value == 0 || (value >> 256) != 0 || compact_of(value) != bits) return std::nullopt;
    return value;
}

std::uint32_t compact_of(const Big& target) {
    if (target == 0) return 0;
    unsigned size = static_cast<unsigned>(mp::msb(target)) / 8 + 1;
    Big mantissa = size <= 3 ? Big{target << (8 * (3 - size))} : Big{target >> (8 * (size - 3))};
    if (mantissa >= 0x800000) {  // the top bit is the sign
        mantissa >>= 8;
        ++size;
    }
    return static_cast<std::uint32_t>(mantissa) | (size << 24);
}

Big integer_of(const Bytes32& hash) {
    Big value = 0;
    for (std::size_t i = hash.size(); i-- > 0;) value = (value << 8) + hash[i];
    return value;
}

Big work_of(const Big& target) { return (Big{1} << 256) / (target + 1); }

Big asert_target(const Asert& asert, const Big& time_delta, const Big& height_delta) {
    // cpp_int divides as C does, toward zero.
    const Big exponent =
        (time_delta - asert.spacing * (height_delta + 1)) * 65536 / asert.half_life;
    Big shifts = exponent / 65536;
    Big frac = exponent - shifts * 65536;
    if (frac < 0) {
        frac += 65536;
        shifts -= 1;
    }
    const Big factor = 65536 + ((Big{195766423245049} * frac + Big{971821376} * frac * frac +
                                 Big{5127} * frac * frac * frac + (Big{1} << 47)) >>
                                48);
    if (shifts > 512) return asert.limit;
    if (shifts < -512) return 1;
    const int shift = static_cast<int>(shifts) - 16;
    const Big product = asert.anchor_target * factor;
    const Big target = shift < 0 ? Big{product >> -shift} : Big{product << shift};
    if (target < 1) return 1;
    return target > asert.limit ? asert.limit : target;
}

}  // namespace model
