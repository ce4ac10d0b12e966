#pragma once

#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace cairn {

/// A setting that nobody typed: of the environment or of a file.
struct FoundSetting {
    std::string name;   // "mine-every"
    std::string value;  // "10"
    std::string where;  // "CAIRN_MINE_EVERY", or "node.toml: line 3: mine-every"
};

/// The members of a TOML file, an element of a list each for itself. `known` are the names that a
/// member may have. The error is a sentence.
[[nodiscard]] Result<std::vector<FoundSetting>, std::string> settings_of_config(
    const std::string& path, const std::vector<std::string>& known);

/// What the environment says of the settings `known`: CAIRN_MINE_EVERY of mine-every. A variable
/// without a value says nothing. One thread.
[[nodiscard]] std::vector<FoundSetting> settings_of_environment(
    const std::vector<std::string>& known);

}  // namespace cairn
