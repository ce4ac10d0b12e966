#include "api/routes/paging.hpp"

#include <charconv>

#include "api/parse.hpp"

namespace cairn {

Result<Page, http::Problem> read_page(const http::Request& request) {
    const auto limit = query_uint(request, "limit", 1, UINT64_MAX);
    if (!limit) return fail(limit.error());
    Page page;
    page.limit = std::min(limit->value_or(Page::kLimitDefault), Page::kLimitMax);
    page.cursor = query_text(request, "cursor");
    return page;
}

std::string make_cursor(std::initializer_list<std::uint64_t> numbers) {
    std::string text;
    for (const auto number : numbers) {
        char buffer[17];
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, 16).ptr;
        if (!text.empty()) text += '-';
        text.append(buffer, end);
    }
    return text;
}

std::optional<std::vector<std::uint64_t>> parse_cursor(std::string_view text, std::size_t count) {
    std::vector<std::uint64_t> numbers;
    const char* at = text.data();
    const char* end = text.data() + text.size();
    while (numbers.size() < count) {
        std::uint64_t number = 0;
        const auto read = std::from_chars(at, end, number, 16);
        if (read.ec != std::errc{}) return std::nullopt;
        numbers.push_back(number);
        at = read.ptr;
        if (numbers.size() == count) break;
        if (at == end || *at != '-') return std::nullopt;
        ++at;
    }
    if (at != end) return std::nullopt;
    return numbers;
}

http::Problem cursor_problem(std::string_view found) {
    return field_problem("cursor", "the `next` of the page before",
                         "\"" + std::string{found.substr(0, 80)} + "\"");
}

std::vector<http::Header> page_link(std::string_view path, const Page& page,
                                    std::string_view next) {
    return {{"Link", "<" + std::string{path} + "?limit=" + std::to_string(page.limit) +
                         "&cursor=" + std::string{next} + ">; rel=\"next\""}};
}

bool is_unchanged(const http::Request& request, std::string_view tag) {
    const auto& wanted = request.head.headers.if_none_match;
    return wanted && (*wanted == "*" || wanted->find(tag) != std::string::npos);
}

http::Reply not_modified(std::string_view tag) {
    http::Reply reply;
    reply.status = 304;
    reply.content_type.clear();
    reply.headers.push_back({"ETag", std::string{tag}});
    reply.headers.push_back({"Cache-Control", "no-cache"});
    return reply;
}

}  // namespace cairn
