#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/result.hpp"

namespace cairn::cli {

/// What a script learns of a command that has ended. Told in docs/cli.md and by --help.
enum class ExitCode : int {
    done = 0,
    refused = 1,      // the node said no
    usage = 2,        // the words make no sense
    unreachable = 3,  // there is no node, it fell silent, or what answers is none
    login = 4,        // a log-in is needed, has ended, or is not enough
};

/// Why a command failed, for people: every text is safe to show on a terminal.
struct Failure {
    ExitCode code = ExitCode::refused;
    std::string what;                  // one sentence
    std::vector<std::string> facts{};  // "field: amount"
    std::string next{};                // a command line or an advice; may be empty
    int status = 0;                    // of the node's answer; 0: there was none
    std::string answer{};              // the node's own words, for --json; not safe to show
};

/// The words of the command line, or what stands in a file they name, make no sense.
[[nodiscard]] inline Failure usage_failure(std::string what, std::string next = {}) {
    return {.code = ExitCode::usage, .what = std::move(what), .next = std::move(next)};
}

template <class T>
using Outcome = Result<T, Failure>;

}  // namespace cairn::cli
