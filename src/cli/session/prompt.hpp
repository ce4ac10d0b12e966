#pragma once

#include <string>

#include "cli/base/exit_code.hpp"
#include "wallet/secret.hpp"

namespace cairn::cli {

/// A password: the first line of `file` ("-" is standard input) if that is given; asked for on the
/// terminal without echo; or the first line of a standard input that is none. `twice` asks again on
/// a terminal, for a password that nobody has typed before. Errors: usage.
[[nodiscard]] Outcome<SecretText> read_password(const std::string& question,
                                                const std::string& file, bool twice);

/// Asks on the terminal; whether the answer is "yes". Error: usage, if there is no terminal.
[[nodiscard]] Outcome<bool> confirm(const std::string& question, const std::string& instead);

}  // namespace cairn::cli
