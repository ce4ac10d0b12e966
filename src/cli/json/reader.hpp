#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/json/json.hpp"
#include "core/base/result.hpp"

namespace cairn::cli {

/// Called with each element of a streamed array, and the array's name; false ends the reading.
using OnElement = std::function<bool(std::string_view member, Json element)>;

/// Reads one JSON document piece by piece. The arrays named in `streamed`, members of the outermost
/// object, are handed over element by element and not kept, so that a chain of any length takes the
/// memory of one block. What it takes apart was written by a node that may be hostile: nesting goes
/// to 64 and needs no stack.
class JsonReader {
public:
    explicit JsonReader(std::vector<std::string> streamed = {}, OnElement on_element = {});
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;
    ~JsonReader();

    /// Errors: what is no JSON, in one clause.
    [[nodiscard]] Result<void, std::string> feed(std::string_view piece);
    /// The document, without the elements that were handed over.
    [[nodiscard]] Result<Json, std::string> end();
    /// Whether `on_element` ended the reading; `feed` then fails as well.
    [[nodiscard]] bool stopped() const;

private:
    struct Parser;
    std::unique_ptr<Parser> parser_;
};

[[nodiscard]] Result<Json, std::string> parse_json(std::string_view text);

}  // namespace cairn::cli
