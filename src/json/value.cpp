#include "json/value.hpp"

#include "json/utf8.hpp"
#include "json/writer.hpp"

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
    append_string(out, cut(text, kShown));
    if (text.size() > kShown) out += "...";
    return out;
}

}  // namespace cairn::json
