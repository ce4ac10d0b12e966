#pragma once

#include <filesystem>
#include <string>

namespace cairn {

/// The user's home: HOME, or what the system knows of the user if that is not set.
[[nodiscard]] std::filesystem::path home_folder();

/// `path` with a leading `~` or `~/` as the home and `~name` as that user's, which a shell does for
/// the words of a command line only: not behind a `=`, in the environment or in a file. What names
/// no user stays as it is.
[[nodiscard]] std::string from_home(const std::string& path);

}  // namespace cairn
