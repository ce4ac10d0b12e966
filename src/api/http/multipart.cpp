#include "api/http/multipart.hpp"

#include <algorithm>

#include "api/http/field_text.hpp"
#include "json/refusals.hpp"
#include "json/utf8.hpp"

namespace cairn::http {
namespace {

constexpr std::size_t kPartsMax = 256;
constexpr std::size_t kBoundaryMax = 70;
constexpr std::string_view kLineEnd = "\r\n";

bool may_be_boundary(std::string_view text) {
    if (text.size() > kBoundaryMax || text.ends_with(' ')) return false;
    return std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
               std::string_view{"'()+_,-./:=? "}.find(c) != std::string_view::npos;
    });
}

/// What is left of `text` after `prefix`; false, and `text` as it was, if it begins with another.
bool skip(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

/// The next `; name=value` of a header field's value. A quoted value has no escapes: web pages
/// write a quotation mark as %22.
struct Parameter {
    std::string_view name, value;
};
std::optional<Parameter> next_parameter(std::string_view& rest) {
    rest = trim(rest);
    if (!skip(rest, ";")) return std::nullopt;
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    Parameter parameter{trim(rest.substr(0, equals)), {}};
    rest = trim(rest.substr(equals + 1));
    const bool quoted = skip(rest, "\"");
    const auto end = quoted ? rest.find('"') : std::min(rest.find(';'), rest.size());
    if (end == std::string_view::npos) return std::nullopt;
    parameter.value = quoted ? rest.substr(0, end) : trim(rest.substr(0, end));
    rest.remove_prefix(end + (quoted ? 1 : 0));
    return parameter;
}

/// The field's name from `Content-Disposition: form-data; name="…"`; the error is a clause.
Result<std::string_view, std::string> name_in(std::string_view disposition) {
    const auto end = std::min(disposition.find(';'), disposition.size());
    if (!equals_ignoring_case(trim(disposition.substr(0, end)), "form-data"))
        return fail(std::string{"a part that is no form-data"});
    std::string_view rest = disposition.substr(end);
    std::optional<std::string_view> name;
    while (!trim(rest).empty()) {
        const auto parameter = next_parameter(rest);
        if (!parameter) return fail(std::string{"a Content-Disposition that cannot be read"});
        if (equals_ignoring_case(parameter->name, "filename") ||
            equals_ignoring_case(parameter->name, "filename*"))
            return fail(std::string{"a file, where only text fields are taken"});
        if (!equals_ignoring_case(parameter->name, "name")) continue;
        if (name) return fail(std::string{"a part with two names"});
        name = parameter->value;
    }
    if (!name) return fail(std::string{"a part without a name"});
    return *name;
}

/// The field's name from a part's header lines, which end with an empty one that is skipped as
/// well.
Result<std::string_view, std::string> read_part_head(std::string_view& rest) {
    std::optional<std::string_view> name;
    while (!skip(rest, kLineEnd)) {
        const auto end = rest.find(kLineEnd);
        const std::string_view line = rest.substr(0, end);
        const auto colon = line.find(':');
        if (end == std::string_view::npos || colon == std::string_view::npos)
            return fail(std::string{"a part whose header lines do not end"});
        rest.remove_prefix(end + kLineEnd.size());
        if (!equals_ignoring_case(line.substr(0, colon), "Content-Disposition")) continue;
        if (name) return fail(std::string{"a part with two names"});
        auto read = name_in(line.substr(colon + 1));
        if (!read) return read;
        name = *read;
    }
    if (!name) return fail(std::string{"a part without a name"});
    return *name;
}

bool is_text(std::string_view text) {
    return json::is_utf8(text) && text.find('\0') == std::string_view::npos;
}

}  // namespace

std::optional<std::string> multipart_boundary(std::string_view content_type) {
    const auto end = std::min(content_type.find(';'), content_type.size());
    if (!equals_ignoring_case(trim(content_type.substr(0, end)), "multipart/form-data"))
        return std::nullopt;
    std::string_view rest = content_type.substr(end);
    while (const auto parameter = next_parameter(rest))
        if (equals_ignoring_case(parameter->name, "boundary") && may_be_boundary(parameter->value))
            return std::string{parameter->value};
    return "";
}

Result<json::Value, json::ParseError> parse_multipart(std::string_view text,
                                                      std::string_view boundary) {
    const auto failed = [&text, whole = text.size()](std::string reason) {
        return fail(json::ParseError{std::move(reason), whole - text.size()});
    };
    if (boundary.empty()) return failed("a multipart body whose Content-Type names no boundary");
    const std::string delimiter = std::string{kLineEnd}.append("--").append(boundary);
    if (!skip(text, std::string_view{delimiter}.substr(kLineEnd.size())))
        return failed("a multipart body that does not begin with its boundary");
    json::Value::Object members;
    while (!skip(text, "--")) {
        if (!skip(text, kLineEnd)) return failed("a boundary that does not end its line");
        const auto name = read_part_head(text);
        if (!name) return failed(name.error());
        const auto end = text.find(delimiter);
        if (end == std::string_view::npos)
            return failed("a multipart body that does not end with its boundary");
        const std::string_view value = text.substr(0, end);
        if (!is_text(*name) || !is_text(value)) return failed("text that is not UTF-8");
        if (members.size() == kPartsMax) return failed("more than 256 parts");
        if (std::ranges::find(members, *name, &json::Member::name) != members.end())
            return failed(json::stands_twice(*name));
        members.push_back({std::string{*name}, json::Value{std::string{value}}});
        text.remove_prefix(end + delimiter.size());
    }
    if (!text.empty() && text != kLineEnd) return failed("more than a multipart body");
    return json::Value{std::move(members)};
}

}  // namespace cairn::http
