#include "api/http/answer_text.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "json/writer.hpp"

namespace cairn::http {
namespace {

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    // A value made of somebody's text must not begin a line of its own.
    for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    out.append("\r\n");
}

bool has(const std::vector<Header>& headers, std::string_view name) {
    return std::ranges::any_of(headers, [&](const Header& header) { return header.name == name; });
}

}  // namespace

void append_head(std::string& out, unsigned status, std::string_view content_type,
                 const std::vector<Header>& headers, BodyFraming framing, std::size_t length,
                 const AnswerContext& context) {
    out.append("HTTP/1.1 ");
    json::append_number(out, status);
    out.append(" ").append(reason_phrase(status)).append("\r\n");
    if (!context.date.empty()) append_header(out, "Date", context.date);
    if (!content_type.empty() && framing != BodyFraming::none)
        append_header(out, "Content-Type", content_type);
    if (framing == BodyFraming::length) {
        out.append("Content-Length: ");
        json::append_number(out, length);
        out.append("\r\n");
    }
    if (framing == BodyFraming::chunked) append_header(out, "Transfer-Encoding", "chunked");
    if (!has(headers, "Cache-Control")) append_header(out, "Cache-Control", "no-store");
    append_header(out, "X-Content-Type-Options", "nosniff");
    for (const Header& header : headers) append_header(out, header.name, header.value);
    if (context.cors != nullptr)
        for (const Header& header : *context.cors) append_header(out, header.name, header.value);
    if (context.close)
        append_header(out, "Connection", "close");
    else if (context.to_http_1_0)
        append_header(out, "Connection", "keep-alive");
    out.append("\r\n");
}

Reply to_reply(const Problem& problem) {
    Reply reply{.status = problem.status,
                .body = to_json(problem),
                .content_type = "application/problem+json"};
    if (!problem.allow.empty()) reply.headers.push_back({"Allow", problem.allow});
    if (!problem.outcome && (problem.retry_after || problem.status == 429 || problem.status == 503))
        reply.headers.push_back({"Retry-After", std::to_string(problem.retry_after.value_or(1))});
    if (problem.status == 401) reply.headers.push_back({"WWW-Authenticate", "Bearer"});
    return reply;
}

void append_chunk(std::string& out, std::string_view data) {
    char size[16];
    const auto end = std::to_chars(std::begin(size), std::end(size), data.size(), 16).ptr;
    out.append(size, end).append("\r\n").append(data).append("\r\n");
}

}  // namespace cairn::http
