#include "json/quote.hpp"

#include "json/utf8.hpp"

namespace cairn::json {
namespace {

bool is_plain(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
}

bool is_escaped(char32_t character, Quoting quoting) {
    if (character < 0x80) return true;  // the plain ones are gone already
    if (character < 0xA0) return quoting == Quoting::terminal;
    return character == 0x2028 || character == 0x2029;  // end a line in JavaScript and some logs
}

void append_short_escape(std::string& out, char32_t character) {
    switch (character) {
        case U'"':
            out += "\\\"";
            return;
        case U'\\':
            out += "\\\\";
            return;
        case U'\n':
            out += "\\n";
            return;
        case U'\r':
            out += "\\r";
            return;
        case U'\t':
            out += "\\t";
            return;
        default:
            append_escape(out, character);
    }
}

}  // namespace

void append_string(std::string& out, std::string_view text, Quoting quoting) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const Utf8Character character = first_character(text);
        const std::size_t length = character.length == 0 ? 1 : character.length;
        if (character.length == 0 && quoting != Quoting::as_typed)
            out += "\xEF\xBF\xBD";
        else if (character.length > 0 && is_escaped(character.value, quoting))
            append_short_escape(out, character.value);
        else
            out.append(text.substr(0, length));
        text.remove_prefix(length);
    }
    out += '"';
}

void append_escape(std::string& out, char32_t character) {
    if (character > 0xFFFF) {
        append_escape(out, 0xD800U + ((character - 0x10000U) >> 10U));
        return append_escape(out, 0xDC00U + ((character - 0x10000U) & 0x3FFU));
    }
    out += "\\u";
    append_hex_byte(out, static_cast<unsigned char>(character >> 8U));
    append_hex_byte(out, static_cast<unsigned char>(character & 0xFFU));
}

void append_hex_byte(std::string& out, unsigned char byte) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += kDigits[byte >> 4U];
    out += kDigits[byte & 15U];
}

}  // namespace cairn::json
