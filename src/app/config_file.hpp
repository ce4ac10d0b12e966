#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace cairn {

/// The members of a TOML file as command-line words (`--http=…`). Members that the environment sets
/// already (CAIRN_HTTP) are left out: it is the stronger. The error is a sentence.
[[nodiscard]] Result<std::vector<std::string>, std::string> words_of_config(const std::string& path);

}  // namespace cairn
