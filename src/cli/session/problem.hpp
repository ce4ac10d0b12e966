#pragma once

#include <string>

#include "cli/base/exit_code.hpp"
#include "cli/http/http.hpp"

namespace cairn::cli {

/// What a node's refusal (RFC 9457, docs/http.md) means to the caller: its sentence, what was
/// expected and found, and the command to try next. `command` is the word that was given ("send"),
/// `flags` what the next one needs to reach the same node (" --node …", or nothing).
[[nodiscard]] Failure failure_of(const HttpAnswer& answer, const std::string& command,
                                 const std::string& flags);

/// The same of a request that got no answer from `node`.
[[nodiscard]] Failure failure_of(const HttpFailure& failure, const std::string& node,
                                 const std::string& flags);

/// What answered is no Cairn node, or one that breaks off in the midst of its words.
[[nodiscard]] Failure not_a_node(const std::string& node, const std::string& reason);

}  // namespace cairn::cli
