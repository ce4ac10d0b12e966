#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn {

/// How many letters must be left out, put in, changed or swapped with their neighbour to make one
/// word of the other; capitals count as small letters. Source: Damerau (1964), in the form that
/// changes no part twice ("optimal string alignment").
[[nodiscard]] std::size_t typing_distance(std::string_view left, std::string_view right);

/// The word of `known` that `typed` was most likely meant to be: at most two slips away, or a third
/// of its letters, and sharing at least one letter with it. Nothing if there is no such word.
[[nodiscard]] std::optional<std::string> nearest_word(std::string_view typed,
                                                      const std::vector<std::string>& known);

/// `; did you mean "warn"?`, or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       const std::vector<std::string>& known);

/// "on or off", "debug, info, warn or error".
[[nodiscard]] std::string one_of_these(const std::vector<std::string>& words);

}  // namespace cairn
