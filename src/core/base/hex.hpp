#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"

namespace cairn {

/// Lower-case hex, two digits a byte, in the order of the bytes.
[[nodiscard]] std::string to_hex(ByteView bytes);

/// The bytes of a hex text of either case; nothing if its length is odd or a digit is none.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view hex);

}  // namespace cairn
