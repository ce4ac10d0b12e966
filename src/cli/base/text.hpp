#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cairn::cli {

/// `text` as it may be shown on a terminal, in one line: control characters (C0, DEL, C1), line and
/// paragraph separators and what turns the direction of writing stand as \uXXXX, bytes that are no
/// UTF-8 as \xXX, a backslash as two. So no memo and no name moves the cursor or looks like
/// another.
[[nodiscard]] std::string plain(std::string_view text);

/// The same for JSON that goes to a terminal, which stays the same JSON: only what people cannot
/// see is escaped, and line feeds and tabs stay. Takes a document in pieces.
class JsonEscaper {
public:
    [[nodiscard]] std::string next(std::string_view piece);
    [[nodiscard]] std::string end();

private:
    std::string held_;  // the beginning of a character whose rest is in the next piece
};

/// Code points: the columns that a text without wide or combining characters takes.
[[nodiscard]] std::size_t width(std::string_view text);

/// "crn1w508d6qejxt…k4p9qw": the beginning and the end of what is long, an address or a name.
[[nodiscard]] std::string shortened(std::string_view text);

/// Unix seconds as "2026-11-22 19:40:12" (UTC); the text itself if it is no such number.
[[nodiscard]] std::string time_text(std::string_view unix_seconds);

/// "1 block", "3 blocks".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

}  // namespace cairn::cli
