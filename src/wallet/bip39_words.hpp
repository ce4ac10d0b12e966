#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace cairn {

inline constexpr std::size_t kBip39WordMax = 8;  // letters

/// The 2,048 English words of BIP39 in their order, which is the alphabet's.
// NOLINTNEXTLINE(readability-identifier-naming): a constant, though not constexpr here
extern const std::array<std::string_view, 2048> kBip39English;

}  // namespace cairn
