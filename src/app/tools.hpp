#pragma once

#include "app/settings.hpp"

namespace cairn {

/// The off-line tools. Each wants the node stopped (the store is locked otherwise), shows a
/// progress bar on a terminal, and gives the process's exit status; what went wrong is said in one
/// sentence.

/// Checks every file's checksum, then every rule of every block of the best chain from genesis on,
/// and that accounts, indexes, undo records and pool are what these blocks make them.
[[nodiscard]] int run_verify(const ToolSettings& settings);
/// Writes the best chain to one file (chain_export.hpp).
[[nodiscard]] int run_export(const ToolSettings& settings);
/// Takes the blocks of such a file, each checked like any other.
[[nodiscard]] int run_import(const ToolSettings& settings);
[[nodiscard]] int run_new_chain(const NewChainSettings& settings);

}  // namespace cairn
