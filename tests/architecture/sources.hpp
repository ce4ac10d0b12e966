#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace architecture {

/// A line of a source file that breaks the layers of docs/architecture.md.
struct Violation {
    std::string file;
    std::size_t line = 0;
    std::string what;
};

/// `path` is written from src/, `text` is the file. Tests beside the code may include what they
/// like and read files; the rest may not.
std::vector<Violation> inspect(std::string_view path, std::string_view text);

/// The same text with comments and the insides of literals blanked, line by line.
std::string without_comments_and_literals(std::string_view text);

}  // namespace architecture
