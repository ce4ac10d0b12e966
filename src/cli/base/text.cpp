#include "cli/base/text.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace cairn::cli {
namespace {

constexpr std::size_t kShownWhole = 24;
constexpr std::size_t kShownFront = 15;
constexpr std::size_t kShownBack = 6;

struct Character {
    std::size_t length = 0;  // in bytes; 0: no well-formed UTF-8
    char32_t value = 0;
    bool cut = false;  // well formed as far as it goes, but the text ends in its midst
};

/// The character at the start of a text that is not empty. Source: Unicode 15, table 3-7.
Character first_character(std::string_view text) {
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

/// Moves the cursor, breaks the line, turns the direction of writing, or is not seen at all.
bool is_unseen(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

void append_hex(std::string& out, const char* format, unsigned value) {
    std::array<char, 16> text{};
    const int length = std::snprintf(text.data(), text.size(), format, value);
    out.append(text.data(), static_cast<std::size_t>(length));
}

/// \uXXXX, as JSON has it: above U+FFFF two of them.
void append_escape(std::string& out, char32_t c) {
    if (c > 0xFFFF) {
        append_hex(out, "\\u%04x", 0xD800U + ((c - 0x10000U) >> 10U));
        append_hex(out, "\\u%04x", 0xDC00U + ((c - 0x10000U) & 0x3FFU));
    } else {
        append_hex(out, "\\u%04x", c);
    }
}

}  // namespace

std::string plain(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Character character = first_character(text);
        if (character.length == 0) {
            append_hex(out, "\\x%02x", static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
            continue;
        }
        if (character.value == U'\\') {
            out += "\\\\";
        } else if (is_unseen(character.value)) {
            append_escape(out, character.value);
        } else {
            out += text.substr(0, character.length);
        }
        text.remove_prefix(character.length);
    }
    return out;
}

std::string JsonEscaper::next(std::string_view piece) {
    const std::string whole = held_.append(piece);
    held_.clear();
    std::string out;
    for (std::string_view text = whole; !text.empty();) {
        const Character character = first_character(text);
        if (character.cut) {
            held_ = text;
            break;
        }
        if (character.length == 0) {
            out += "\\ufffd";
            text.remove_prefix(1);
            continue;
        }
        if (is_unseen(character.value) && character.value != U'\n' && character.value != U'\t') {
            append_escape(out, character.value);
        } else {
            out += text.substr(0, character.length);
        }
        text.remove_prefix(character.length);
    }
    return out;
}

std::string JsonEscaper::end() {
    std::string out;
    if (!held_.empty()) out = "\\ufffd";
    held_.clear();
    return out;
}

std::size_t width(std::string_view text) {
    std::size_t columns = 0;
    for (const char c : text)
        if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++columns;
    return columns;
}

std::string shortened(std::string_view text) {
    if (width(text) <= kShownWhole) return std::string{text};
    std::size_t front = 0;
    for (std::size_t seen = 0; front < text.size(); ++front)
        if ((static_cast<unsigned char>(text[front]) & 0xC0U) != 0x80U && seen++ == kShownFront)
            break;
    std::size_t back = text.size();
    for (std::size_t seen = 0; back > front && seen < kShownBack;)
        if ((static_cast<unsigned char>(text[--back]) & 0xC0U) != 0x80U) ++seen;
    return std::string{text.substr(0, front)} + "…" + std::string{text.substr(back)};
}

std::string time_text(std::string_view unix_seconds) {
    std::int64_t seconds = 0;
    const char* end = unix_seconds.data() + unix_seconds.size();
    const auto read = std::from_chars(unix_seconds.data(), end, seconds);
    const std::time_t time = seconds;
    std::tm parts{};
    if (unix_seconds.empty() || read.ec != std::errc{} || read.ptr != end ||
        gmtime_r(&time, &parts) == nullptr)
        return plain(unix_seconds);
    std::array<char, 64> text{};
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
    return length == 0 ? plain(unix_seconds) : std::string{text.data(), length};
}

std::string counted(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string{noun} + (count == 1 ? "" : "s");
}

}  // namespace cairn::cli
