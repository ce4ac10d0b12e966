#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "api/http/answer.hpp"
#include "api/http/request.hpp"
#include "core/base/result.hpp"

namespace cairn {

/// `?limit=` (1 to 1,000, 100 if absent) and `?cursor=`.
struct Page {
    static constexpr std::uint64_t kLimitMax = 1000;
    static constexpr std::uint64_t kLimitDefault = 100;
    std::uint64_t limit = kLimitDefault;
    std::optional<std::string> cursor;
};
[[nodiscard]] Result<Page, http::Problem> read_page(const http::Request& request);

/// A cursor is opaque to clients; to us it is a few numbers in hex.
[[nodiscard]] std::string make_cursor(std::initializer_list<std::uint64_t> numbers);
[[nodiscard]] std::optional<std::vector<std::uint64_t>> parse_cursor(std::string_view text,
                                                                     std::size_t count);
[[nodiscard]] http::Problem cursor_problem(std::string_view found);

/// The Link header of a page that has a next one.
[[nodiscard]] std::vector<http::Header> page_link(std::string_view path, const Page& page,
                                                  std::string_view next);

/// Whether the client has this version already (If-None-Match).
[[nodiscard]] bool is_unchanged(const http::Request& request, std::string_view tag);
[[nodiscard]] http::Reply not_modified(std::string_view tag);

}  // namespace cairn
