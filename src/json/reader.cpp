#include "json/reader.hpp"

#include "json/tree.hpp"

namespace cairn::json {

Result<Value, ParseError> parse(std::string_view text, Limits limits) {
    TreeSink tree{limits};
    if (auto read = read_document(text, limits.depth, tree); !read)
        return fail(std::move(read.error()));
    return tree.take();
}

}  // namespace cairn::json
