#pragma once

#include <cstddef>
#include <string_view>
#include <variant>

#include "api/http/problem.hpp"
#include "api/http/request.hpp"
#include "core/base/result.hpp"

namespace cairn::http {

inline constexpr std::size_t kUriMax = 8 * 1024;      // 414 above
inline constexpr std::size_t kHeadersMax = 8 * 1024;  // bytes of the header block, 431 above
/// A request line has a method and a version around its URI.
inline constexpr std::size_t kRequestLineMax = kUriMax + 64;
inline constexpr std::size_t kHeadMax = kRequestLineMax + kHeadersMax + 8;

/// Finds the end of a request head in a buffer that grows, looking at each byte once. Refuses at
/// the first byte that can be part of no head: a bare LF or CR, NUL and other control bytes, or too
/// much.
class HeadScanner {
public:
    /// Length of the head with its empty line, or 0 if that has not come yet.
    [[nodiscard]] Result<std::size_t, Problem> scan(std::string_view buffer);
    void reset() { *this = HeadScanner{}; }

private:
    std::size_t at_ = 0;  // next byte to look at
    std::size_t line_start_ = 0;
    std::size_t headers_start_ = 0;  // 0: still in the request line
};

/// Takes apart a head as HeadScanner found it. Stricter than the library's parser, which lets by
/// repeated lengths, folded lines, a missing or repeated Host and unknown transfer codings: two
/// readers that differ on those can be made to see different requests.
/// Errors: 400 malformed or ambiguous, 414, 417, 505.
/// Source: RFC 9112, sections 2 to 7; RFC 9110, section 5.
[[nodiscard]] Result<RequestHead, Problem> parse_head(std::string_view head);

}  // namespace cairn::http
