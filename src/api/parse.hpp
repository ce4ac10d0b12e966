#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/http/problem.hpp"
#include "api/http/request.hpp"
#include "api/name_book.hpp"
#include "core/base/result.hpp"
#include "core/consensus/names.hpp"
#include "json/fields.hpp"
#include "ledger/store.hpp"

namespace cairn {

/// The members of a request: of its body, JSON or form, whatever its content type says; an empty
/// body has none.
[[nodiscard]] Result<json::Value, http::Problem> parse_body(const http::Request& request,
                                                            json::Limits limits = {});

/// `?limit=` and the like: a plain integer from the query, or from the body of a request that has
/// one.
[[nodiscard]] Result<std::optional<std::uint64_t>, http::Problem> query_uint(
    const http::Request& request, std::string_view name, std::uint64_t min, std::uint64_t max);
[[nodiscard]] std::optional<std::string> query_text(const http::Request& request,
                                                    std::string_view name);

/// An address or a name, and the key of either.
struct NamedAddress {
    Address address;
    std::optional<std::string> name;
};
[[nodiscard]] Result<NamedAddress, http::Problem> parse_named(std::string_view field,
                                                              std::string_view text,
                                                              const ChainSpec& spec,
                                                              const NameBook& names);

/// 64 hex digits as shown; the problem names the field and is a 400.
template <class Digest>
[[nodiscard]] Result<Digest, http::Problem> parse_digest(std::string_view field,
                                                         std::string_view text) {
    if (auto digest = Digest::from_string(text)) return *digest;
    http::Problem problem{.status = 400,
                          .detail = std::string{field} + ": expected 64 hex digits, found \"" +
                                    std::string{text.substr(0, 80)} + "\""};
    problem.field = std::string{field};
    problem.expected = "64 hex digits";
    problem.found = std::string{text.substr(0, 80)};
    return fail(std::move(problem));
}

/// 400 of one field, with what would be accepted.
[[nodiscard]] http::Problem field_problem(std::string_view field, std::string expected,
                                          std::string found);
/// 503 of a store that could not be read or written.
[[nodiscard]] http::Problem store_problem(const StoreError& error);
[[nodiscard]] http::Problem busy_problem();
/// A refused transfer: 409 for a nonce that is taken or a replacement too cheap, 503 for a full
/// pool, else 400; with the field it is about.
[[nodiscard]] http::Problem rejection_problem(const Rejection& rejection);

}  // namespace cairn
