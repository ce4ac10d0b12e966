#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::json {

/// For whom a text is quoted.
enum class Quoting : std::uint8_t {
    /// What is not valid UTF-8 becomes U+FFFD, so that the document is always valid.
    document,
    /// The same, and the controls from U+0080 to U+009F are escaped, which JSON lets by: a terminal
    /// takes them for escape sequences.
    terminal,
    /// Bytes that are not valid UTF-8 pass as they are: a node refuses what somebody typed, instead
    /// of taking another text for it.
    as_typed,
};

/// Appends `text` as a JSON string. Control bytes, quote, backslash, U+007F, U+2028 and U+2029 are
/// escaped.
void append_string(std::string& out, std::string_view text, Quoting quoting = Quoting::document);

/// \uXXXX, in lower-case digits; two of them above U+FFFF.
void append_escape(std::string& out, char32_t character);

/// Two lower-case hex digits.
void append_hex_byte(std::string& out, unsigned char byte);

}  // namespace cairn::json
