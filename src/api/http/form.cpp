#include "api/http/form.hpp"

#include <utility>

#include "json/refusals.hpp"
#include "json/utf8.hpp"

namespace cairn::http {
namespace {

constexpr std::size_t kPairsMax = 256;

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

std::optional<std::string> decode_text(std::string_view text) {
    auto decoded = percent_decode(text, true);
    if (!decoded || !json::is_utf8(*decoded) || decoded->find('\0') != std::string::npos) return {};
    return decoded;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            if (text.size() - i < 3) return std::nullopt;
            const auto high = hex_digit(text[i + 1]);
            const auto low = hex_digit(text[i + 2]);
            if (!high || !low) return std::nullopt;
            out += static_cast<char>(*high << 4 | *low);
            i += 2;
        } else {
            out += plus_is_space && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

Result<json::Value, json::ParseError> parse_form(std::string_view text) {
    json::Value::Object members;
    std::size_t offset = 0;
    while (offset < text.size()) {
        const std::string_view pair = text.substr(offset, text.find('&', offset) - offset);
        if (!pair.empty()) {
            const std::size_t equals = pair.find('=');
            auto name = decode_text(pair.substr(0, equals));
            auto value = equals == std::string_view::npos ? std::optional<std::string>{""}
                                                          : decode_text(pair.substr(equals + 1));
            if (!name || !value)
                return fail(
                    json::ParseError{"a broken %-escape, or text that is not UTF-8", offset});
            if (members.size() == kPairsMax)
                return fail(json::ParseError{"more than 256 pairs", offset});
            for (const json::Member& member : members)
                if (member.name == *name)
                    return fail(json::ParseError{json::stands_twice(*name), offset});
            members.push_back({std::move(*name), json::Value{std::move(*value)}});
        }
        offset += pair.size() + 1;
    }
    return json::Value{std::move(members)};
}

}  // namespace cairn::http
