#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace cairn {

// What the value of an option may be. The description is what --help says of it ("1 to 86400"); the
// error is the rest of a sentence that begins with the option's name.

/// One of `words`, letter by letter.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);

/// A whole number in decimal digits. CLI11 alone would take 010 for 8 and -1 for the largest.
[[nodiscard]] CLI::Validator whole_number(std::uint64_t least, std::uint64_t most);

/// A number such as 2.5.
[[nodiscard]] CLI::Validator number(double least, double most);

/// What a flag may be set to: true or false, as CLI11 reads them (--mine=true).
[[nodiscard]] CLI::Validator true_or_false();

}  // namespace cairn
