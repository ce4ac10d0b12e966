#pragma once

#include <cstdint>
#include <optional>

#include "core/base/u256.hpp"
#include "core/primitives/header.hpp"

namespace cairn {

/// Nonces first, first + 1, … of which there are `count`; those beyond 2^32 - 1 do not exist.
struct NonceRange {
    std::uint32_t first = 0;
    std::uint64_t count = 0;
};

/// The first nonce of `range` with which the hash of `header` is at most `target`, or nothing if
/// none is. The nonce in `header` is not looked at, nor are its bits: a pool's target may be
/// easier. Pure; about 10^7 nonces a second and core with the CPU's SHA extensions.
[[nodiscard]] std::optional<std::uint32_t> search(const BlockHeader& header, NonceRange range,
                                                  const U256& target);

}  // namespace cairn
