#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "json/value.hpp"

namespace cairn::json {

/// What a document may cost. A value takes some 40 bytes beside its text.
struct Limits {
    std::size_t depth = 32;
    std::size_t values = 16'384;
    std::size_t members = 1'024;  // of one object
};

struct ParseError {
    std::string reason;      // one clause: "the name \"amount\" stands twice in one object"
    std::size_t offset = 0;  // of the byte at which reading stopped
};

/// Reads one JSON document, the whole of RFC 8259, with nothing but white space around it. Refused
/// besides: a byte order mark, invalid UTF-8, lone surrogates, a name that stands twice in one
/// object. Needs no stack for depth.
[[nodiscard]] Result<Value, ParseError> parse(std::string_view text, Limits limits = {});

/// Whether more elements are wanted.
using EachElement = std::function<bool(Value element)>;
enum class Elements : std::uint8_t { all, stopped, none };

/// Reads an object, by the same rules, and hands over the elements of its array `member` one after
/// another, so that memory holds one of them; what else it has is read and dropped. `limits` are
/// those of each element, and of the rest together. Elements may have been handed over before an
/// error is found. `stopped`: no more were wanted, and the rest was not read; `none`: there is no
/// such member, or it is no array.
[[nodiscard]] Result<Elements, ParseError> read_elements(std::string_view text,
                                                         std::string_view member,
                                                         const EachElement& each,
                                                         Limits limits = {});

}  // namespace cairn::json
