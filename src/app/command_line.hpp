#pragma once

#include <string>
#include <variant>
#include <vector>

#include "app/client_commands.hpp"
#include "app/demo/demo.hpp"
#include "app/settings.hpp"

namespace cairn {

struct RunNode {
    NodeSettings settings;
};
struct RunVerify {
    ToolSettings settings;
};
struct RunExport {
    ToolSettings settings;
};
struct RunImport {
    ToolSettings settings;
};
struct RunDemo {
    DemoSettings settings;
};
struct RunNewChain {
    NewChainSettings settings;
};
/// Nothing to run: help or version was printed, or the words were wrong (said on standard error).
struct Exit {
    int status = 0;
};
using Invocation =
    std::variant<RunNode, RunVerify, RunExport, RunImport, RunNewChain, RunDemo, RunClient, Exit>;

/// Reads the words of a command line, and for `cairn node` the environment and the TOML file.
[[nodiscard]] Invocation parse_command_line(const std::vector<std::string>& words);

/// "cairn 0.1.0".
[[nodiscard]] std::string version_text();

}  // namespace cairn
