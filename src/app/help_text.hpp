#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace cairn {

/// Options of this group are told once, by `cairn --help`, and not by each command that has them.
inline constexpr const char* kSharedOptions = "Options of every command that talks to a node";

/// What --help prints: sentences and columns that fit into 80 characters.
class HelpText : public CLI::FormatterBase {
public:
    [[nodiscard]] std::string make_help(const CLI::App* app, std::string name,
                                        CLI::AppFormatMode mode) const override;
};

/// "cairn send RECIPIENT AMOUNT [OPTIONS]"; `name` are the words that chose the command.
[[nodiscard]] std::string usage_of(const CLI::App& app, const std::string& name);

/// The name of a positional as --help has it: "AMOUNT".
[[nodiscard]] std::string placeholder_of(const CLI::Option& option);

/// The words that chose a command, from the program's name on: "cairn user new".
[[nodiscard]] std::string words_of(const CLI::App& app);

}  // namespace cairn
