#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/answer.hpp"

namespace cairn::http {

/// What an answer's head depends on beside the answer.
struct AnswerContext {
    std::string_view date = {};  // left out if empty
    const std::vector<Header>* cors = nullptr;
    bool to_http_1_0 = false;
    bool close = false;
};

enum class BodyFraming { length, chunked, until_close, none };

/// Appends a status line and headers. `length` counts with BodyFraming::length only.
void append_head(std::string& out, unsigned status, std::string_view content_type,
                 const std::vector<Header>& headers, BodyFraming framing, std::size_t length,
                 const AnswerContext& context);

/// A problem as a reply: problem+json, with Allow, Retry-After and WWW-Authenticate where they
/// belong.
[[nodiscard]] Reply to_reply(const Problem& problem);

/// Appends one chunk of a chunked body; `data` is not empty.
void append_chunk(std::string& out, std::string_view data);

}  // namespace cairn::http
