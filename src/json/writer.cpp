#include "json/writer.hpp"

#include <charconv>
#include <iterator>

namespace cairn::json {

void append_number(std::string& out, std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
    out.append(digits, end);
}

void append_hex(std::string& out, ByteView bytes) {
    std::size_t at = out.size();
    out.resize(at + 2 * bytes.size());
    constexpr char kHex[] = "0123456789abcdef";
    for (const std::uint8_t byte : bytes) {
        out[at++] = kHex[byte >> 4];
        out[at++] = kHex[byte & 15];
    }
}

Writer& Writer::key(std::string_view name) {
    separate();
    append_string(out_, name, quoting_);
    out_ += ':';
    comma_ = false;
    return *this;
}

Writer& Writer::string(std::string_view text) {
    separate();
    append_string(out_, text, quoting_);
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
