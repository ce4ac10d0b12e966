#pragma once

#include <cstddef>
#include <string_view>

namespace cairn::json {

/// Length in bytes of the well-formed UTF-8 character at the start of `text` (1 to 4), or 0 if
/// there is none. Overlong forms, surrogates and code points above U+10FFFF are not well formed.
/// Source: Unicode 15, table 3-7.
[[nodiscard]] std::size_t utf8_character(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

/// The beginning of a text, of at most `bytes` bytes and without a part of a character.
[[nodiscard]] std::string_view cut(std::string_view text, std::size_t bytes);

}  // namespace cairn::json
