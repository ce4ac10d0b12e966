#include "api/http/router.hpp"

#include <algorithm>

#include "json/utf8.hpp"

namespace cairn::http {
namespace {

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

std::vector<std::string_view> split(std::string_view pattern) {
    std::vector<std::string_view> out;
    while (!pattern.empty()) {
        pattern.remove_prefix(1);  // the slash
        const std::string_view segment = pattern.substr(0, pattern.find('/'));
        pattern.remove_prefix(segment.size());
        if (!segment.empty()) out.push_back(segment);
    }
    return out;
}

bool matches(const std::vector<std::string_view>& pattern, const std::vector<std::string>& path) {
    return std::ranges::equal(pattern, path, [](std::string_view part, const std::string& segment) {
        return is_parameter(part) || part == segment;
    });
}

/// At the first segment where the patterns differ in kind, the literal goes first.
bool more_literal(const std::vector<std::string_view>& a, const std::vector<std::string_view>& b) {
    return std::ranges::lexicographical_compare(a, b, {}, is_parameter, is_parameter);
}

std::string allow_of(const std::vector<RouteSpec>& table, const std::vector<std::size_t>& routes) {
    std::string out;
    for (const std::size_t route : routes) {
        out.append(to_text(table[route].method)).append(", ");
        if (table[route].method == Method::get && !table[route].changes) out.append("HEAD, ");
    }
    return out + "OPTIONS";
}

/// A path as an answer shows it: what is long is not sent back whole.
std::string shown(const RequestHead& head) {
    constexpr std::size_t kShown = 80;
    const std::string path = head.path();
    if (path.size() <= kShown) return path;
    return std::string{json::cut(path, kShown)} + "...";
}

}  // namespace

Router::Router(std::vector<RouteSpec> table) : table_{std::move(table)} {
    for (std::size_t i = 0; i < table_.size(); ++i) {
        auto segments = split(table_[i].pattern);
        auto path = std::ranges::find(paths_, segments, &Path::segments);
        if (path == paths_.end()) path = paths_.insert(path, Path{std::move(segments), {}, {}});
        path->routes.push_back(i);
    }
    for (Path& path : paths_) path.allow = allow_of(table_, path.routes);
    std::ranges::stable_sort(paths_, more_literal, &Path::segments);
}

Result<Match, Problem> Router::find(const RequestHead& head) const {
    const auto path = std::ranges::find_if(
        paths_, [&](const Path& candidate) { return matches(candidate.segments, head.segments); });
    if (path == paths_.end())
        return fail(Problem{.status = 404, .detail = "There is nothing at " + shown(head) + "."});
    Match match;
    match.allow = path->allow;
    for (std::size_t i = 0; i < path->segments.size(); ++i)
        if (is_parameter(path->segments[i])) match.parameters.push_back(head.segments[i]);
    for (const std::size_t route : path->routes) {
        const RouteSpec& spec = table_[route];
        const bool head_of_get =
            head.method == Method::head && spec.method == Method::get && !spec.changes;
        if (spec.method != head.method && !head_of_get && head.method != Method::options) continue;
        match.spec = &spec;
        match.route = route;
        return match;
    }
    return fail(Problem{.status = 405,
                        .detail = shown(head) + " takes " + path->allow + ".",
                        .allow = path->allow});
}

}  // namespace cairn::http
