#include "json/fields.hpp"

#include <charconv>

#include "core/primitives/coins.hpp"

namespace cairn::json {
namespace {

FieldError mismatch(std::string_view name, std::string expected, const Value* found,
                    std::string reason = {}) {
    return {std::string{name}, std::move(expected), found ? describe(*found) : "nothing",
            std::move(reason)};
}

/// A required value from an optional one.
template <class T>
Result<T, FieldError> required(Result<std::optional<T>, FieldError> value, std::string_view name,
                               std::string_view expected) {
    if (!value) return fail(std::move(value.error()));
    if (!*value) return fail(mismatch(name, std::string{expected}, nullptr));
    return std::move(**value);
}

/// The text of a number or of a string.
const std::string* text_of(const Value& value) {
    if (const Number* number = value.number()) return &number->text;
    return value.string();
}

std::string uint_expected(std::uint64_t min, std::uint64_t max) {
    if (max == UINT64_MAX && min == 0) return "a whole number, digits only";
    if (max == UINT64_MAX) return "a whole number of at least " + std::to_string(min);
    return "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
}

}  // namespace

std::string FieldError::to_string() const {
    std::string out = field.empty() ? "" : field + ": ";
    if (!reason.empty()) return out + reason;
    return out + "expected " + expected + ", found " + found;
}

Result<Fields, FieldError> Fields::of(const Value& object) {
    if (object.object() == nullptr) return fail(mismatch("", "an object", &object));
    return Fields{object};
}

const Value* Fields::find(std::string_view name) const {
    const Value* value = object_->find(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::optional<std::string>, FieldError> Fields::optional_string(
    std::string_view name) const {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (value->string() == nullptr) return fail(mismatch(name, "a string", value));
    return *value->string();
}

Result<std::string, FieldError> Fields::string(std::string_view name) const {
    return required(optional_string(name), name, "a string");
}

Result<std::optional<std::uint64_t>, FieldError> Fields::optional_uint(std::string_view name,
                                                                       std::uint64_t min,
                                                                       std::uint64_t max) const {
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const std::string* text = text_of(*value);
    if (text == nullptr) return fail(mismatch(name, uint_expected(min, max), value));
    const bool digits =
        !text->empty() && text->find_first_not_of("0123456789") == std::string::npos;
    if (!digits) {
        std::string reason;
        if (value->number() != nullptr)
            reason = "expected " + uint_expected(min, max) +
                     ", without sign, point or exponent, found " + describe(*value);
        return fail(mismatch(name, uint_expected(min, max), value, std::move(reason)));
    }
    std::uint64_t number = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
    if (read.ec != std::errc{} || number < min || number > max)
        return fail(mismatch(name, uint_expected(min, max), value));
    return number;
}

Result<std::uint64_t, FieldError> Fields::uint(std::string_view name, std::uint64_t min,
                                               std::uint64_t max) const {
    return required(optional_uint(name, min, max), name, uint_expected(min, max));
}

Result<std::optional<Amount>, FieldError> Fields::optional_coins(std::string_view name) const {
    constexpr std::string_view kExpected = "an amount of coins with at most 8 decimals";
    const Value* value = find(name);
    if (value == nullptr) return std::nullopt;
    const std::string* text = text_of(*value);
    if (text == nullptr) return fail(mismatch(name, std::string{kExpected}, value));
    const auto amount = parse_coins(*text);
    if (!amount) {
        std::string reason{to_sentence(amount.error())};
        return fail(
            mismatch(name, std::string{kExpected}, value, reason + ", found " + describe(*value)));
    }
    return *amount;
}

Result<Amount, FieldError> Fields::coins(std::string_view name) const {
    return required(optional_coins(name), name, "an amount of coins with at most 8 decimals");
}

}  // namespace cairn::json
