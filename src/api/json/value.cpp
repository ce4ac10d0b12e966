#include "api/json/value.hpp"

#include "api/json/writer.hpp"

namespace cairn::json {

const Value* Value::find(std::string_view name) const {
    const Object* members = object();
    if (members == nullptr) return nullptr;
    for (const Member& member : *members)
        if (member.name == name) return &member.value;
    return nullptr;
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
    if (text.size() <= kShown) {
        append_string(out, text);
    } else {
        std::size_t end = kShown;  // not in the middle of a character
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        append_string(out, std::string_view{text}.substr(0, end));
        out += "...";
    }
    return out;
}

}  // namespace cairn::json
