#include "cli/base/text.hpp"

#include <array>
#include <charconv>
#include <ctime>

#include "json/quote.hpp"
#include "json/utf8.hpp"

namespace cairn::cli {
namespace {

constexpr std::size_t kShownWhole = 24;
constexpr std::size_t kShownFront = 15;
constexpr std::size_t kShownBack = 6;

/// Moves the cursor, breaks the line, turns the direction of writing, or is not seen at all.
bool is_unseen(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C ||
           (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

}  // namespace

std::string plain(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto character = json::first_character(text);
        if (character.length == 0) {
            out += "\\x";
            json::append_hex_byte(out, static_cast<unsigned char>(text.front()));
            text.remove_prefix(1);
            continue;
        }
        if (character.value == U'\\') {
            out += "\\\\";
        } else if (is_unseen(character.value)) {
            json::append_escape(out, character.value);
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
        const auto character = json::first_character(text);
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
            json::append_escape(out, character.value);
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

std::size_t width(std::string_view text) { return json::count_characters(text); }

std::string shortened(std::string_view text) {
    if (width(text) <= kShownWhole) return std::string{text};
    std::size_t front = 0;
    for (std::size_t seen = 0; front < text.size(); ++front)
        if (!json::is_continuation(text[front]) && seen++ == kShownFront) break;
    std::size_t back = text.size();
    for (std::size_t seen = 0; back > front && seen < kShownBack;)
        if (!json::is_continuation(text[--back])) ++seen;
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
