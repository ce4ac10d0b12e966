#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/base/text.hpp"
#include "core/base/result.hpp"
#include "json/reader.hpp"
#include "json/value.hpp"

namespace cairn::cli {

/// One value as a node wrote it. Its texts are as the node sent them: not safe to show.
using Json = json::Value;

/// A node that is asked may be hostile: nesting is bounded. How long an answer may be is for `Http`
/// to say, and what is read of a long one goes element by element.
inline constexpr json::Limits kAnswerLimits{.depth = 64, .values = SIZE_MAX, .members = SIZE_MAX};

[[nodiscard]] inline Result<Json, json::ParseError> parse_json(std::string_view text) {
    return json::parse(text, kAnswerLimits);
}

/// A value's text, safe to show.
[[nodiscard]] inline std::string shown(const Json& value) { return plain(value.text()); }

}  // namespace cairn::cli
