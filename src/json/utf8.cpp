#include "json/utf8.hpp"

#include <algorithm>

namespace cairn::json {

Utf8Character first_character(std::string_view text) {
    if (text.empty()) return {};
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(0);
    if (first < 0x80) return {1, first, false};
    if (first < 0xC2 || first > 0xF4) return {};
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    char32_t value = first & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if (i == text.size()) return {0, 0, true};
        unsigned low = 0x80;
        unsigned high = 0xBF;
        if (i == 1) {
            if (first == 0xE0) low = 0xA0;   // below: overlong
            if (first == 0xED) high = 0x9F;  // above: a surrogate
            if (first == 0xF0) low = 0x90;   // below: overlong
            if (first == 0xF4) high = 0x8F;  // above: beyond U+10FFFF
        }
        if (byte(i) < low || byte(i) > high) return {};
        value = value << 6U | (byte(i) & 0x3FU);
    }
    return {length, value, false};
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        const std::size_t length = first_character(text.substr(at)).length;
        if (length == 0) return false;
        at += length;
    }
    return true;
}

std::size_t count_characters(std::string_view text) {
    return text.size() - static_cast<std::size_t>(std::ranges::count_if(text, is_continuation));
}

std::string_view cut(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && is_continuation(text[bytes])) --bytes;
    return text.substr(0, bytes);
}

}  // namespace cairn::json
