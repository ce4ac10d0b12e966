#pragma once

#include <boost/multiprecision/cpp_int.hpp>
#include <cstdint>
#include <optional>

#include "model/bytes.hpp"

namespace model {

using Big = boost::multiprecision::cpp_int;  // unbounded: no intermediate value can overflow

/// The target of compact bits; nothing if they are zero, negative, over 256 bits or not canonical.
std::optional<Big> target_of(std::uint32_t bits);
/// The compact form of the largest representable value not above `target`.
std::uint32_t compact_of(const Big& target);
/// A hash as the integer that is held against the target: little-endian.
Big integer_of(const Bytes32& hash);
/// floor(2^256 / (target + 1)).
Big work_of(const Big& target);

struct Asert {
    Big anchor_target;
    Big spacing;
    Big half_life;
    Big limit;
};
/// aserti3-2d. `time_delta` counts from the time of the anchor's parent to the parent of the block
/// that is asked about, `height_delta` from the anchor to that parent. Clamped to [1, limit], not
/// yet compact.
Big asert_target(const Asert& asert, const Big& time_delta, const Big& height_delta);

}  // namespace model
