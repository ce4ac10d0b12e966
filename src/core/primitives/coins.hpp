#pragma once

#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/primitives/amount.hpp"

namespace cairn {

/// Coins as people and JSON write them: "12", "0.5", "1e-3", "1.50". Read from the text, never
/// through a double; exact or refused. The grammar is that of a JSON number.
[[nodiscard]] Result<Amount, AmountError> parse_coins(std::string_view text);

/// The shortest exact decimal, in coins, of a number of units, which may be above the cap: "0.5".
[[nodiscard]] std::string format_coin_units(std::uint64_t units);

}  // namespace cairn
