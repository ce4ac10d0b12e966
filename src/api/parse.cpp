#include "api/parse.hpp"

#include "api/http/field_text.hpp"
#include "api/http/form.hpp"
#include "api/http/multipart.hpp"
#include "core/primitives/address.hpp"
#include "json/reader.hpp"

namespace cairn {
namespace {

bool looks_like_json(std::string_view body) {
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

bool says_form(std::string_view content_type) {
    constexpr std::string_view kForm = "application/x-www-form-urlencoded";
    return http::equals_ignoring_case(content_type.substr(0, kForm.size()), kForm);
}

Result<json::Value, json::ParseError> parse_text(std::string_view body,
                                                 std::string_view content_type,
                                                 json::Limits limits) {
    if (looks_like_json(body)) return json::parse(body, limits);
    if (says_form(content_type)) return http::parse_form(body);
    if (const auto boundary = http::multipart_boundary(content_type))
        return http::parse_multipart(body, *boundary);
    return json::parse(body, limits);
}

std::string_view field_of(Rule rule) {
    switch (rule) {
        case Rule::amount_positive:
        case Rule::amount_range:
        case Rule::overdraft:
        case Rule::pool_balance:
            return "amount";
        case Rule::data_size:
            return "data";
        case Rule::signature:
            return "signature";
        case Rule::nonce:
        case Rule::nonce_used:
        case Rule::nonce_distant:
            return "nonce";
        case Rule::replacement_fee:
        case Rule::fee_floor:
            return "fee";
        default:
            return "";
    }
}

}  // namespace

Result<json::Value, http::Problem> parse_body(const http::Request& request, json::Limits limits) {
    if (request.body.empty()) return json::Value{json::Value::Object{}};
    auto value = parse_text(request.body, request.head.headers.content_type.value_or(""), limits);
    if (!value) return fail(http::problem_of(value.error()));
    return std::move(*value);
}

std::optional<std::string> query_text(const http::Request& request, std::string_view name) {
    const json::Value* value = request.head.query.find(name);
    return value != nullptr && value->string() != nullptr ? std::optional{*value->string()}
                                                          : std::nullopt;
}

Result<std::optional<std::uint64_t>, http::Problem> query_uint(const http::Request& request,
                                                               std::string_view name,
                                                               std::uint64_t min,
                                                               std::uint64_t max) {
    std::optional<json::Value> body;
    const json::Value* source = &request.head.query;
    if (source->find(name) == nullptr && !request.body.empty()) {
        auto parsed = parse_body(request);
        if (!parsed) return fail(std::move(parsed.error()));
        body = std::move(*parsed);
        source = &*body;
    }
    auto fields = json::Fields::of(*source);
    if (!fields) return fail(http::problem_of(fields.error()));
    auto number = fields->optional_uint(name, min, max);
    if (!number) return fail(http::problem_of(number.error()));
    return *number;
}

Result<NamedAddress, http::Problem> parse_named(std::string_view field, std::string_view text,
                                                const ChainSpec& spec, const NameBook& names) {
    const auto party = parse_party(text, spec);
    if (!party) {
        http::Problem problem{.status = 400, .detail = std::string{field} + " " + party.error()};
        problem.field = std::string{field};
        problem.expected = spec.names ? "a name or an address of this chain (" + spec.prefix + "1…)"
                                      : "an address of this chain (" + spec.prefix + "1…)";
        problem.found = std::string{text.substr(0, 120)};
        return fail(std::move(problem));
    }
    if (const auto* name = std::get_if<Name>(&*party))
        return NamedAddress{names.address_of(*name), name->text};
    return NamedAddress{std::get<Address>(*party), std::nullopt};
}

http::Problem field_problem(std::string_view field, std::string expected, std::string found) {
    http::Problem problem{
        .status = 400,
        .detail = std::string{field} + ": expected " + expected + ", found " + found};
    problem.field = std::string{field};
    problem.expected = std::move(expected);
    problem.found = std::move(found);
    return problem;
}

http::Problem store_problem(const StoreError& error) {
    http::Problem problem{
        .status = 503,
        .detail =
            (error.fault == StoreFault::no_space
                 ? "The disk is full: nothing was changed. Reading goes on; free some space. ("
                 : "The store failed: nothing was changed. (") +
            error.detail + ")"};
    problem.retry_after = 5;
    return problem;
}

http::Problem busy_problem() {
    http::Problem problem{.status = 503,
                          .detail =
                              "The node has as many requests waiting as it takes; nothing was "
                              "changed. Try again in a second."};
    problem.retry_after = 1;
    return problem;
}

http::Problem rejection_problem(const Rejection& rejection) {
    unsigned status = 400;
    if (rejection.rule == Rule::nonce_used || rejection.rule == Rule::replacement_fee) status = 409;
    if (rejection.rule == Rule::pool_full || rejection.rule == Rule::sender_full) status = 503;
    http::Problem problem = http::problem_of(rejection, status);
    if (const auto field = field_of(rejection.rule); !field.empty())
        problem.field = std::string{field};
    if (status == 503) problem.retry_after = 10;
    return problem;
}

}  // namespace cairn
