#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "api/json/value.hpp"
#include "core/base/result.hpp"

namespace cairn::json {

/// What a document may cost. A value takes some 40 bytes beside its text.
struct Limits {
    std::size_t depth = 32;
    std::size_t values = 16'384;
};

struct ParseError {
    std::string reason;      // one clause: "the name \"amount\" stands twice in one object"
    std::size_t offset = 0;  // of the byte at which reading stopped
};

/// Reads one JSON document, the whole of RFC 8259, with nothing but white space around it. Refused
/// besides: a byte order mark, invalid UTF-8, lone surrogates, a name that stands twice in one
/// object. Needs no stack for depth.
[[nodiscard]] Result<Value, ParseError> parse(std::string_view text, Limits limits = {});

}  // namespace cairn::json
