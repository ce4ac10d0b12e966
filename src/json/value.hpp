#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cairn::json {

struct Member;

/// A number as it was written: "1.50" stays "1.50", for no double lies between a text and its
/// meaning.
struct Number {
    std::string text;
    friend bool operator==(const Number&, const Number&) = default;
};

/// One JSON value. Strings are valid UTF-8; the names of an object differ, in the order written.
class Value {
public:
    using Array = std::vector<Value>;
    using Object = std::vector<Member>;

    Value();
    explicit Value(bool value);
    explicit Value(Number value);
    explicit Value(std::string value);
    explicit Value(Array value);
    explicit Value(Object value);
    Value(const Value& other);
    Value(Value&& other) noexcept;
    Value& operator=(const Value& other);
    Value& operator=(Value&& other) noexcept;
    ~Value();

    [[nodiscard]] bool is_null() const { return data_.index() == 0; }
    [[nodiscard]] const bool* boolean() const { return std::get_if<bool>(&data_); }
    [[nodiscard]] const Number* number() const { return std::get_if<Number>(&data_); }
    [[nodiscard]] const std::string* string() const { return std::get_if<std::string>(&data_); }
    [[nodiscard]] const Array* array() const { return std::get_if<Array>(&data_); }
    [[nodiscard]] const Object* object() const { return std::get_if<Object>(&data_); }

    /// The member of that name; nothing if there is none, or if this is no object.
    [[nodiscard]] const Value* find(std::string_view name) const;

    // For whoever takes what is missing for null:
    /// The member of that name; null if there is none, or if this is no object.
    [[nodiscard]] const Value& operator[](std::string_view name) const;
    /// The elements; none if this is no array.
    [[nodiscard]] const Array& elements() const;
    [[nodiscard]] bool is_object() const { return object() != nullptr; }
    [[nodiscard]] bool is_string() const { return string() != nullptr; }
    [[nodiscard]] bool is_true() const { return boolean() != nullptr && *boolean(); }
    /// A string's content, a number's text, "true" or "false"; else nothing.
    [[nodiscard]] std::string text() const;
    /// A whole number of at most 64 bits; 0 if it is none.
    [[nodiscard]] std::uint64_t whole_number() const;

private:
    std::variant<std::monostate, bool, Number, std::string, Array, Object> data_;
};

struct Member {
    std::string name;
    Value value;
};

// Only here is an object's member complete.
inline Value::Value() = default;
inline Value::Value(bool value) : data_{value} {}
inline Value::Value(Number value) : data_{std::move(value)} {}
inline Value::Value(std::string value) : data_{std::move(value)} {}
inline Value::Value(Array value) : data_{std::move(value)} {}
inline Value::Value(Object value) : data_{std::move(value)} {}
inline Value::Value(const Value& other) = default;
inline Value::Value(Value&& other) noexcept = default;
inline Value& Value::operator=(const Value& other) = default;
inline Value& Value::operator=(Value&& other) noexcept = default;
inline Value::~Value() = default;

/// The value as people are told what was found: "the string \"abc\"", "an array"; long texts are
/// cut.
[[nodiscard]] std::string describe(const Value& value);

}  // namespace cairn::json
