#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/base/exit_code.hpp"
#include "cli/base/output.hpp"
#include "cli/base/table.hpp"
#include "cli/session/session.hpp"

namespace cairn::cli {

/// What a command works with.
struct Context {
    Session& session;
    Output& out;
    Output& err;
    bool json = false;
};

/// The node's answer unchanged, ended by a line feed. What would move a terminal's cursor is
/// escaped there.
void print_json(Context& context, std::string_view body);

/// The answer to `call`: as it is with --json, else through `show`.
[[nodiscard]] Outcome<void> answer(Context& context, const Call& call,
                                   const std::function<void(const Json&)>& show);

/// The same of an answer of any length: `on_element` is given each element of the named arrays,
/// `end` the rest of it.
[[nodiscard]] Outcome<void> answer_streamed(Context& context, const Call& call,
                                            std::vector<std::string> arrays,
                                            json::OnElement on_element,
                                            const std::function<void(const Json&)>& end);

/// The same, where `who` may also be a user of the node: on a chain without names the call is made
/// with the user's address if the node knows no such account and its operator calls.
[[nodiscard]] Outcome<void> answer_about(Context& context, const std::string& who,
                                         const std::function<Call(const std::string&)>& call,
                                         const std::function<void(const Json&)>& show);

/// "?from=1&limit=2" of those that have a value.
[[nodiscard]] std::string query(const std::vector<std::pair<std::string, std::string>>& members);

/// "12.5 coins"; nothing if there is no amount.
[[nodiscard]] std::string coins(const Json& amount);
[[nodiscard]] std::string yes_or_no(const Json& value);

/// Transfers and rewards, one a row.
[[nodiscard]] std::vector<Column> transfer_columns();
[[nodiscard]] std::vector<std::string> transfer_row(const Json& transfer);

}  // namespace cairn::cli
