#include "core/primitives/coins.hpp"

#include <algorithm>

namespace cairn {
namespace {

constexpr std::int64_t kDecimals = 8;
constexpr std::int64_t kUnitDigitsMax = 16;  // of kMaxUnits
// Beyond any length a text can have, so that holding an exponent here never changes the answer.
constexpr std::int64_t kExponentMax = 1'000'000'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes what it names off the front of a text.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_{text} {}

    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    std::string_view digits() {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is_digit);
        const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

private:
    std::string_view rest_;
};

/// The parts of a JSON number, as written.
struct Number {
    bool negative = false;
    std::string_view whole;
    std::string_view fraction;
    std::int64_t exponent = 0;
};

std::optional<Number> scan_number(std::string_view text) {
    Scanner scanner{text};
    Number number;
    number.negative = scanner.take('-');
    number.whole = scanner.digits();
    if (number.whole.empty()) return std::nullopt;
    if (number.whole.size() > 1 && number.whole.front() == '0') return std::nullopt;
    if (scanner.take('.')) {
        number.fraction = scanner.digits();
        if (number.fraction.empty()) return std::nullopt;
    }
    if (scanner.take('e') || scanner.take('E')) {
        const bool below_zero = scanner.take('-');
        if (!below_zero) scanner.take('+');
        const auto digits = scanner.digits();
        if (digits.empty()) return std::nullopt;
        for (const char c : digits)
            number.exponent = std::min(number.exponent * 10 + (c - '0'), kExponentMax);
        if (below_zero) number.exponent = -number.exponent;
    }
    if (!scanner.at_end()) return std::nullopt;
    return number;
}

}  // namespace

Result<Amount, AmountError> parse_coins(std::string_view text) {
    const auto number = scan_number(text);
    if (!number) return fail(AmountError::not_a_number);
    if (number->negative) return fail(AmountError::negative);

    std::string digits{number->whole};
    digits += number->fraction;
    // The value in units is `digits` · 10^scale; zeros at either end carry nothing.
    std::int64_t scale =
        number->exponent - static_cast<std::int64_t>(number->fraction.size()) + kDecimals;
    const std::size_t last = digits.find_last_not_of('0');
    if (last == std::string::npos) return Amount{};
    scale += static_cast<std::int64_t>(digits.size() - 1 - last);
    digits.resize(last + 1);
    digits.erase(0, digits.find_first_not_of('0'));

    if (static_cast<std::int64_t>(digits.size()) + scale > kUnitDigitsMax)
        return fail(AmountError::too_large);
    if (scale < 0) return fail(AmountError::too_precise);
    digits.append(static_cast<std::size_t>(scale), '0');
    std::uint64_t units = 0;
    for (const char c : digits) units = units * 10 + static_cast<std::uint64_t>(c - '0');
    const auto amount = Amount::from_units(units);
    if (!amount) return fail(AmountError::too_large);
    return *amount;
}

std::string format_coin_units(std::uint64_t units) {
    std::string text = std::to_string(units / Amount::kUnitsPerCoin);
    const std::uint64_t rest = units % Amount::kUnitsPerCoin;
    if (rest == 0) return text;
    std::string fraction = std::to_string(Amount::kUnitsPerCoin + rest);
    fraction.front() = '.';
    fraction.resize(fraction.find_last_not_of('0') + 1);
    return text + fraction;
}

std::string_view to_sentence(AmountError error) {
    switch (error) {
        case AmountError::not_a_number:
            return "an amount is a decimal number of coins, such as 12 or 0.5";
        case AmountError::negative:
            return "an amount is not negative; the smallest is 0";
        case AmountError::too_precise:
            return "an amount has at most 8 decimals; the smallest step is 0.00000001";
        case AmountError::too_large:
            return "an amount is at most 33554432 coins, all that can ever be issued";
    }
    return "";
}

}  // namespace cairn
