#include "json/writer.hpp"

#include <charconv>
#include <iterator>

#include "json/utf8.hpp"

namespace cairn::json {
namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_escape(std::string& out, unsigned char byte) {
    switch (byte) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += kHex[byte >> 4];
            out += kHex[byte & 15];
    }
}

bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = utf8_character(text);
        const std::string_view character = text.substr(0, length);
        if (length == 0)
            out += "\xEF\xBF\xBD";
        else if (length == 1)
            append_escape(out, static_cast<unsigned char>(text.front()));
        else if (character == "\xE2\x80\xA8")
            out += "\\u2028";  // ends a line in JavaScript and in some logs
        else if (character == "\xE2\x80\xA9")
            out += "\\u2029";
        else
            out.append(character);
        text.remove_prefix(length == 0 ? 1 : length);
    }
    out += '"';
}

void append_number(std::string& out, std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    out.append(digits, end);
}

void append_hex(std::string& out, ByteView bytes) {
    std::size_t at = out.size();
    out.resize(at + 2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        out[at++] = kHex[byte >> 4];
        out[at++] = kHex[byte & 15];
    }
}

Writer& Writer::key(std::string_view name) {
    separate();
    append_string(out_, name);
    out_ += ':';
    comma_ = false;
    return *this;
}

Writer& Writer::string(std::string_view text) {
    separate();
    append_string(out_, text);
    return *this;
}

Writer& Writer::hex(ByteView bytes) {
    separate();
    out_ += '"';
    append_hex(out_, bytes);
    out_ += '"';
    return *this;
}

Writer& Writer::number(std::uint64_t value) {
    separate();
    append_number(out_, value);
    return *this;
}

Writer& Writer::raw(std::string_view json) {
    separate();
    out_.append(json);
    return *this;
}

Writer& Writer::open(char bracket) {
    separate();
    out_ += bracket;
    comma_ = false;
    return *this;
}

Writer& Writer::close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
}

void Writer::separate() {
    if (comma_) out_ += ',';
    comma_ = true;
}

}  // namespace cairn::json
