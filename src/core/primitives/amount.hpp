#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cairn {

/// An amount of base units that is in range: at most the cap on what can ever be issued.
/// Source: docs/consensus.md, Units and Cap. 10^8 units to the coin, 2^25 coins in all.
class Amount {
public:
    static constexpr std::uint64_t kUnitsPerCoin = 100'000'000ULL;
    static constexpr std::uint64_t kMaxUnits = (1ULL << 25) * kUnitsPerCoin;  // exact as JSON coins

    constexpr Amount() = default;
    static constexpr std::optional<Amount> from_units(std::uint64_t units) {
        if (units > kMaxUnits) return std::nullopt;
        return Amount{units};
    }
    [[nodiscard]] constexpr std::uint64_t units() const { return units_; }

    friend constexpr auto operator<=>(Amount, Amount) = default;

private:
    constexpr explicit Amount(std::uint64_t units) : units_{units} {}
    std::uint64_t units_ = 0;
};
static_assert(Amount::kMaxUnits <= UINT64_MAX / 2);  // a + b cannot wrap before it is checked

/// Why a text is no amount; `to_sentence` says it with what would be accepted.
enum class AmountError : std::uint8_t { not_a_number, negative, too_precise, too_large };
[[nodiscard]] std::string_view to_sentence(AmountError error);

}  // namespace cairn
