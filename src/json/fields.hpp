#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"
#include "core/primitives/amount.hpp"
#include "json/value.hpp"

namespace cairn::json {

/// A field that is not as it should be.
struct FieldError {
    std::string field;
    std::string expected;
    std::string found;
    std::string reason;  // a sentence of its own, if there is more to say than expected and found

    /// "amount: expected a decimal of at most 8 places, found the string \"1,5\"".
    [[nodiscard]] std::string to_string() const;
};

/// Typed reading of an object's members, JSON or form alike. Unknown members are ignored and `null`
/// is no value. Numbers are read from their text: from a JSON number or from a string.
class Fields {
public:
    /// Of an object; the value must outlive this.
    [[nodiscard]] static Result<Fields, FieldError> of(const Value& object);

    [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
    /// The member as it stands; nothing if absent or null.
    [[nodiscard]] const Value* find(std::string_view name) const;

    [[nodiscard]] Result<std::string, FieldError> string(std::string_view name) const;
    [[nodiscard]] Result<std::optional<std::string>, FieldError> optional_string(
        std::string_view name) const;

    /// Plain digits only: 1.0, 1e3 and -0 are numbers of the wrong kind. Within [min, max].
    [[nodiscard]] Result<std::uint64_t, FieldError> uint(std::string_view name,
                                                         std::uint64_t min = 0,
                                                         std::uint64_t max = UINT64_MAX) const;
    [[nodiscard]] Result<std::optional<std::uint64_t>, FieldError> optional_uint(
        std::string_view name, std::uint64_t min = 0, std::uint64_t max = UINT64_MAX) const;

    /// In coins, exact: at most 8 decimals, at most the cap.
    [[nodiscard]] Result<Amount, FieldError> coins(std::string_view name) const;
    [[nodiscard]] Result<std::optional<Amount>, FieldError> optional_coins(
        std::string_view name) const;

private:
    explicit Fields(const Value& object) : object_{&object} {}

    const Value* object_;
};

}  // namespace cairn::json
