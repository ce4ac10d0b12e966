#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/base/u256.hpp"
#include "core/crypto/sha256.hpp"
#include "core/primitives/header.hpp"
#include "miner/search.hpp"

namespace cairn::search_impl {

/// What the hashes of one header under all its nonces have in common.
struct SearchInput {
    Sha256::State midstate{};             // after the first 64 bytes of the header
    std::array<std::uint32_t, 3> tail{};  // bytes 64 to 75 as words of a message
    std::uint32_t target_top = 0;         // bits 224 to 255 of the target
};

[[nodiscard]] SearchInput prepare(const BlockHeader& header, const U256& target);

/// The first nonce from `first` on, of `count`, whose hash has in its top 32 bits at most the
/// target's. first + count is at most 2^32. One in 2^32 of these candidates misses a hard target
/// all the same.
using Kernel = std::optional<std::uint32_t> (*)(const SearchInput& input, std::uint32_t first,
                                                std::uint64_t count);

[[nodiscard]] std::optional<std::uint32_t> find_portable(const SearchInput& input,
                                                         std::uint32_t first, std::uint64_t count);
/// Only where sha256_impl::has_shani().
[[nodiscard]] std::optional<std::uint32_t> find_shani(const SearchInput& input, std::uint32_t first,
                                                      std::uint64_t count);

/// `search` by one named kernel.
[[nodiscard]] std::optional<std::uint32_t> search_with(Kernel kernel, const BlockHeader& header,
                                                       NonceRange range, const U256& target);

}  // namespace cairn::search_impl
