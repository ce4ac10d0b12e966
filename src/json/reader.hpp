#pragma once

#include <cstddef>
#include <string_view>

#include "core/base/result.hpp"
#include "json/parser.hpp"
#include "json/value.hpp"

namespace cairn::json {

/// What a document may cost. A value takes some 40 bytes beside its text.
struct Limits {
    std::size_t depth = 32;
    std::size_t values = 16'384;
    std::size_t members = 1'024;  // of one object
};

/// Reads one document into a tree. Refused beside what `read_document` refuses: a name that stands
/// twice in one object.
[[nodiscard]] Result<Value, ParseError> parse(std::string_view text, Limits limits = {});

}  // namespace cairn::json
