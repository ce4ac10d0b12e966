#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "json/quote.hpp"
#include "json/utf8.hpp"

namespace cairn::json {

/// "the name \"a\" stands twice"; a long name is cut.
[[nodiscard]] inline std::string stands_twice(std::string_view name) {
    constexpr std::size_t kShown = 80;
    std::string reason = "the name ";
    append_string(reason, cut(name, kShown));
    return reason + " stands twice";
}

[[nodiscard]] inline std::string too_many_members(std::size_t most) {
    return "an object has more than " + std::to_string(most) + " members";
}

}  // namespace cairn::json
