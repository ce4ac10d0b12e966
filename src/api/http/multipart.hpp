#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "json/reader.hpp"
#include "json/value.hpp"

namespace cairn::http {

/// The boundary in a Content-Type of multipart/form-data; nothing if it is of another type, empty
/// if it names no boundary, or one that may not be. Source: RFC 2046, section 5.1.1.
[[nodiscard]] std::optional<std::string> multipart_boundary(std::string_view content_type);

/// Reads multipart/form-data, the text fields of a web page's or of Postman's form, into an object
/// of strings like that of `parse_form`, with its bounds. Refused besides: anything before the
/// first boundary or after the last, a part without a name, and a file. Source: RFC 7578.
[[nodiscard]] Result<json::Value, json::ParseError> parse_multipart(std::string_view text,
                                                                    std::string_view boundary);

}  // namespace cairn::http
