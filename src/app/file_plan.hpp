#pragma once

#include <cstddef>
#include <string>

#include "core/base/result.hpp"

namespace cairn {

/// Who may have how many open files: the store first, for without its files nothing can be kept,
/// then other nodes, then HTTP.
struct FilePlan {
    std::size_t whole = 0;
    std::size_t store = 0;        // the store's tables
    std::size_t peers = 0;        // connections with other nodes, half-open ones included
    std::size_t inventories = 0;  // questions of /getblocks to other nodes
    std::size_t http = 0;         // HTTP connections
};

/// Divides `limit` open files. The error is a sentence.
[[nodiscard]] Result<FilePlan, std::string> plan_files(std::size_t limit);

/// Raises this process's soft limit of open files to the hard one, and tells what it is then. The
/// error is a sentence.
[[nodiscard]] Result<std::size_t, std::string> raise_file_limit();

}  // namespace cairn
