#include "cli/json/json.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>

#include "cli/base/text.hpp"

namespace cairn::cli {

const Json& Json::operator[](std::string_view name) const {
    static const Json null;
    if (const auto* members = std::get_if<Object>(&data_))
        for (const JsonMember& member : *members)
            if (member.name == name) return member.value;
    return null;
}

const Json::Array& Json::elements() const {
    static const Array none;
    const auto* elements = std::get_if<Array>(&data_);
    return elements == nullptr ? none : *elements;
}

bool Json::is_true() const {
    const bool* value = std::get_if<bool>(&data_);
    return value != nullptr && *value;
}

std::string Json::text() const {
    if (const auto* value = std::get_if<std::string>(&data_)) return *value;
    if (const auto* value = std::get_if<Number>(&data_)) return value->text;
    if (const auto* value = std::get_if<bool>(&data_)) return *value ? "true" : "false";
    return {};
}

std::string Json::shown() const { return plain(text()); }

std::uint64_t Json::number() const {
    const auto* value = std::get_if<Number>(&data_);
    if (value == nullptr) return 0;
    const char* end = value->text.data() + value->text.size();
    std::uint64_t number = 0;
    const auto read = std::from_chars(value->text.data(), end, number);
    return read.ec == std::errc{} && read.ptr == end ? number : 0;
}

std::string json_quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            std::array<char, 8> escape{};
            std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned char>(c));
            out += escape.data();
        } else {
            out += c;
        }
    }
    return out + "\"";
}

std::string json_object(const std::vector<std::pair<std::string_view, std::string>>& members) {
    std::string out = "{";
    for (const auto& [name, value] : members) {
        if (out.size() > 1) out += ",";
        out += json_quoted(name) + ":" + value;
    }
    return out + "}";
}

}  // namespace cairn::cli
