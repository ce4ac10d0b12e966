#include "api/http/problem.hpp"

#include "json/writer.hpp"

namespace cairn::http {

Problem problem_of(const json::FieldError& error) {
    Problem problem{.status = 400, .detail = error.to_string()};
    if (!error.field.empty()) problem.field = error.field;
    problem.expected = error.expected;
    problem.found = error.found;
    return problem;
}

Problem problem_of(const json::ParseError& error) {
    return {.status = 400,
            .detail = "The body cannot be read: " + error.reason + " (at byte " +
                      std::to_string(error.offset) + ")."};
}

Problem problem_of(const Rejection& rejection, unsigned status) {
    return {.status = status,
            .detail = rejection.to_string(),
            .rule = std::string{rule_name(rejection.rule)},
            .expected = rejection.expected,
            .found = rejection.found};
}

std::string to_json(const Problem& problem) {
    std::string out;
    json::Writer writer{out};
    writer.begin_object();
    writer.key("type").string(problem.type);
    writer.key("title").string(reason_phrase(problem.status));
    writer.key("status").number(problem.status);
    writer.key("detail").string(problem.detail);
    writer.key("message").string(problem.detail);  // where older clients look
    const auto member = [&](std::string_view name, const std::optional<std::string>& value) {
        if (value) writer.key(name).string(*value);
    };
    member("field", problem.field);
    member("rule", problem.rule);
    member("expected", problem.expected);
    member("found", problem.found);
    member("outcome", problem.outcome);
    member("id", problem.id);
    if (problem.nodes) writer.key("nodes").raw(*problem.nodes);
    writer.end_object();
    return out;
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Unknown";
    }
}

}  // namespace cairn::http
