#pragma once

#include <cstddef>
#include <string_view>

namespace cairn::json {

struct Utf8Character {
    std::size_t length = 0;  // in bytes, 1 to 4; 0: the text does not begin with one
    char32_t value = 0;
    bool cut = false;  // well formed as far as it goes, but the text ends in its midst
};

/// The well-formed UTF-8 character at the start of `text`, if there is one. Overlong forms,
/// surrogates and code points above U+10FFFF are not well formed.
/// Source: Unicode 15, table 3-7.
[[nodiscard]] Utf8Character first_character(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

/// A byte within a character, not its first.
[[nodiscard]] constexpr bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Of UTF-8.
[[nodiscard]] std::size_t count_characters(std::string_view text);

/// The beginning of a text, of at most `bytes` bytes and without a part of a character.
[[nodiscard]] std::string_view cut(std::string_view text, std::size_t bytes);

}  // namespace cairn::json
