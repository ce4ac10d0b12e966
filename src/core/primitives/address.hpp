#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/primitives/public_key.hpp"

namespace cairn {

/// bech32m (BIP350) of the 32 bytes under a chain's prefix.
[[nodiscard]] std::string format_address(const Address& address, std::string_view prefix);

/// The address a text stands for under `prefix`; nothing if checksum, prefix, case or length is
/// wrong.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text, std::string_view prefix);

}  // namespace cairn
