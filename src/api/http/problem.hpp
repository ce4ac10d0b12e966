#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/consensus/rejection.hpp"
#include "json/fields.hpp"
#include "json/reader.hpp"

namespace cairn::http {

/// An error answer, RFC 9457. `title` is the status' phrase; `detail` says what is wrong here.
struct Problem {
    unsigned status = 500;
    std::string detail;
    std::string type = "about:blank";
    std::optional<std::string> field = {};
    std::optional<std::string> rule = {};
    std::optional<std::string> expected = {};
    std::optional<std::string> found = {};
    std::optional<unsigned> retry_after = {};  // seconds
    std::string allow = {};                    // of a 405: "GET, HEAD, OPTIONS"
    std::optional<std::string> nodes = {};     // what became of each node named, a JSON array
    /// "unknown" or "partial": the request may have been carried out, or was in part. There is no
    /// Retry-After then, for a client that just repeats it would have it done twice.
    std::optional<std::string> outcome = {};
    std::optional<std::string> id = {};  // of the transaction or block it is about
};

/// 400 of a field that is not as it should be.
[[nodiscard]] Problem problem_of(const json::FieldError& error);
/// 400 of a body that is no JSON.
[[nodiscard]] Problem problem_of(const json::ParseError& error);
/// `status` (400, or 409 where HTTP.md says so) of a broken rule.
[[nodiscard]] Problem problem_of(const Rejection& rejection, unsigned status = 400);

/// The body: type, title, status, detail, message (= detail), and of the others those that are set.
[[nodiscard]] std::string to_json(const Problem& problem);

/// "Not Found" of 404; "Unknown" of a status that is none.
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace cairn::http
