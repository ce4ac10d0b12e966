#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace cairn::cli {

struct JsonMember;

/// One JSON value as a node wrote it: a number is its text, so that an amount is shown digit by
/// digit.
class Json {
public:
    struct Number {
        std::string text;
    };
    using Array = std::vector<Json>;
    using Object = std::vector<JsonMember>;

    Json();
    explicit Json(bool value);
    explicit Json(Number value);
    explicit Json(std::string value);
    explicit Json(Array value);
    explicit Json(Object value);
    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();

    /// The member of that name; null if there is none, or if this is no object.
    [[nodiscard]] const Json& operator[](std::string_view name) const;
    /// The elements; none if this is no array.
    [[nodiscard]] const Array& elements() const;

    [[nodiscard]] bool is_null() const { return data_.index() == 0; }
    [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(data_); }
    [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(data_); }
    [[nodiscard]] bool is_true() const;

    /// A string's content, a number's text, "true" or "false"; else nothing. As the node sent it:
    /// not safe to show.
    [[nodiscard]] std::string text() const;
    /// The same, safe to show.
    [[nodiscard]] std::string shown() const;
    /// A whole number of at most 64 bits; 0 if it is none.
    [[nodiscard]] std::uint64_t number() const;

private:
    std::variant<std::monostate, bool, Number, std::string, Array, Object> data_;
};

struct JsonMember {
    std::string name;
    Json value;
};

// Only here is an object's member complete.
inline Json::Json() = default;
inline Json::Json(bool value) : data_{value} {}
inline Json::Json(Number value) : data_{std::move(value)} {}
inline Json::Json(std::string value) : data_{std::move(value)} {}
inline Json::Json(Array value) : data_{std::move(value)} {}
inline Json::Json(Object value) : data_{std::move(value)} {}
inline Json::Json(const Json& other) = default;
inline Json::Json(Json&& other) noexcept = default;
inline Json& Json::operator=(const Json& other) = default;
inline Json& Json::operator=(Json&& other) noexcept = default;
inline Json::~Json() = default;

/// `text` as a JSON string with its quotes. Bytes that are no UTF-8 pass as they are: the node
/// refuses them, naming the field.
[[nodiscard]] std::string json_quoted(std::string_view text);

/// {"a":"…","b":1}: members whose value is JSON already, in order.
[[nodiscard]] std::string json_object(
    const std::vector<std::pair<std::string_view, std::string>>& members);

}  // namespace cairn::cli
