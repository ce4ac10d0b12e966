#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "json/reader.hpp"
#include "json/value.hpp"

namespace cairn::http {

/// Undoes %XX, and `+` for a space if asked; nothing if an escape is broken.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

/// Reads `a=1&b=two` (application/x-www-form-urlencoded, and the query of a URI) into an object of
/// strings, so that both are read like JSON. Refused: a broken escape, a name that stands twice,
/// invalid UTF-8, NUL, more than 256 pairs. A name without `=` has an empty value.
[[nodiscard]] Result<json::Value, json::ParseError> parse_form(std::string_view text);

}  // namespace cairn::http
