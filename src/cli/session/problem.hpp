#pragma once

#include <string>

#include "cli/base/exit_code.hpp"
#include "cli/http/http.hpp"

namespace cairn::cli {

/// What was tried, for the advice on what to do next.
struct Attempt {
    std::string command;    // the words that were given: "send", "user new"
    std::string flags{};    // what reaches the same node again: " --node …", or nothing
    std::string account{};  // whose coins were to be spent, as a word of a shell; empty: the caller
};

/// What a node's refusal (RFC 9457, docs/http.md) means to the caller: its sentence, what was
/// expected and found, and what to try next, which is never the command that was refused.
[[nodiscard]] Failure failure_of(const HttpAnswer& answer, const Attempt& attempt);

/// The same of a request that got no answer from `node`.
[[nodiscard]] Failure failure_of(const HttpFailure& failure, const std::string& node,
                                 const Attempt& attempt);

/// What answered is no Cairn node, or one that breaks off in the midst of its words.
[[nodiscard]] Failure not_a_node(const std::string& node, const std::string& reason);

}  // namespace cairn::cli
