#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "app/config_file.hpp"

namespace cairn {

/// What is wrong with a command line that `app` refused: one sentence, with the word that was most
/// likely meant and the command that tells more. `found` are the settings that nobody typed.
[[nodiscard]] std::string usage_sentence(const CLI::App& app, const CLI::ParseError& error,
                                         const std::vector<FoundSetting>& found);

}  // namespace cairn
