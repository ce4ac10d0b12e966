#include "json/value.hpp"

#include <charconv>

#include "json/quote.hpp"
#include "json/utf8.hpp"

namespace cairn::json {

const Value* Value::find(std::string_view name) const {
    const Object* members = object();
    if (members == nullptr) return nullptr;
    for (const Member& member : *members)
        if (member.name == name) return &member.value;
    return nullptr;
}

const Value& Value::operator[](std::string_view name) const {
    static const Value null;
    const Value* member = find(name);
    return member == nullptr ? null : *member;
}

const Value::Array& Value::elements() const {
    static const Array none;
    return array() == nullptr ? none : *array();
}

std::string Value::text() const {
    if (const auto* text = string()) return *text;
    if (const auto* text = number()) return text->text;
    if (const auto* flag = boolean()) return *flag ? "true" : "false";
    return {};
}

std::uint64_t Value::whole_number() const {
    const Number* written = number();
    if (written == nullptr) return 0;
    const char* end = written->text.data() + written->text.size();
    std::uint64_t value = 0;
    const auto read = std::from_chars(written->text.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end ? value : 0;
}

std::string describe(const Value& value) {
    constexpr std::size_t kShown = 64;
    if (value.is_null()) return "null";
    if (const bool* flag = value.boolean()) return *flag ? "true" : "false";
    if (value.array() != nullptr) return "an array";
    if (value.object() != nullptr) return "an object";
    if (const Number* number = value.number()) {
        if (number->text.size() <= kShown) return "the number " + number->text;
        return "the number " + number->text.substr(0, kShown) + "...";
    }
    const std::string& text = *value.string();
    std::string out = "the string ";
    append_string(out, cut(text, kShown));
    if (text.size() > kShown) out += "...";
    return out;
}

}  // namespace cairn::json
