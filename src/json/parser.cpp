#include "json/parser.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <utility>

namespace cairn::json {
namespace {

using boost::json::error_code;
using Part = boost::json::string_view;

/// Boost.JSON's events as ours: it tells texts in parts, and numbers three times over.
class Adapter {
public:
    explicit Adapter(Sink& sink) : sink_{sink} {}

    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code& ec) { return go_on(sink_.begin_object(), ec); }
    bool on_object_end(std::size_t, error_code& ec) { return go_on(sink_.end_object(), ec); }
    bool on_array_begin(error_code& ec) { return go_on(sink_.begin_array(), ec); }
    bool on_array_end(std::size_t, error_code& ec) { return go_on(sink_.end_array(), ec); }
    bool on_key_part(Part part, std::size_t, error_code& ec) { return collect(part, ec); }
    bool on_key(Part part, std::size_t, error_code& ec) {
        return collect(part, ec) && go_on(sink_.name(std::exchange(text_, {})), ec);
    }
    bool on_string_part(Part part, std::size_t, error_code& ec) { return collect(part, ec); }
    bool on_string(Part part, std::size_t, error_code& ec) {
        return collect(part, ec) && go_on(sink_.string(std::exchange(text_, {})), ec);
    }
    bool on_number_part(Part part, error_code& ec) { return collect(part, ec); }
    bool on_int64(std::int64_t, Part part, error_code& ec) { return number(part, ec); }
    bool on_uint64(std::uint64_t, Part part, error_code& ec) { return number(part, ec); }
    bool on_double(double, Part part, error_code& ec) { return number(part, ec); }
    bool on_bool(bool value, error_code& ec) { return go_on(sink_.boolean(value), ec); }
    bool on_null(error_code& ec) { return go_on(sink_.null(), ec); }
    bool on_comment_part(Part, error_code&) { return false; }
    bool on_comment(Part, error_code&) { return false; }

private:
    static bool go_on(bool wanted, error_code& ec) {
        if (!wanted) ec = boost::json::error::syntax;
        return wanted;
    }
    bool collect(Part part, error_code& ec) {
        text_.append(part.data(), part.size());
        return go_on(sink_.grows(text_.size()), ec);
    }
    bool number(Part part, error_code& ec) {
        return collect(part, ec) && go_on(sink_.number(std::exchange(text_, {})), ec);
    }

    Sink& sink_;
    std::string text_;  // of the string, name or number that is being read
};

using Reader = boost::json::basic_parser<Adapter>;

boost::json::parse_options within(std::size_t depth) {
    boost::json::parse_options options;
    options.max_depth = depth;
    return options;
}

std::size_t leading_blanks(std::string_view text) {
    return std::min(text.find_first_not_of(" \t\r\n"), text.size());
}

/// What stopped the reading, as the end of a sentence about the text.
ParseError error_of(const error_code& ec, const Sink& sink, std::size_t offset) {
    using boost::json::error;
    if (!sink.why().empty()) return {sink.why(), offset};
    if (ec == error::too_deep) return {"it is nested too deeply", offset};
    if (ec == error::incomplete) return {"it ends too early", offset};
    if (ec == error::extra_data) return {"something follows the value", offset};
    return {ec.message(), offset};
}

}  // namespace

Result<void, ParseError> read_document(std::string_view text, std::size_t depth, Sink& sink) {
    Reader reader{within(depth), sink};
    error_code ec;
    const std::size_t used = reader.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = boost::json::error::extra_data;
    if (!ec && !reader.done()) ec = boost::json::error::incomplete;
    if (ec) return fail(error_of(ec, sink, used));
    return {};
}

struct Parser::State {
    State(std::size_t depth, Sink& into) : sink{into}, reader{within(depth), into} {}

    Sink& sink;
    Reader reader;
    std::size_t offset = 0;
};

Parser::Parser(std::size_t depth, Sink& sink) : state_{std::make_unique<State>(depth, sink)} {}
Parser::Parser(Parser&&) noexcept = default;
Parser::~Parser() = default;

Result<void, ParseError> Parser::feed(std::string_view piece) {
    error_code ec;
    std::size_t used = 0;
    if (!state_->reader.done())
        used = state_->reader.write_some(true, piece.data(), piece.size(), ec);
    if (!ec) used += leading_blanks(piece.substr(used));
    if (!ec && used < piece.size()) ec = boost::json::error::extra_data;
    state_->offset += used;
    if (ec) return fail(error_of(ec, state_->sink, state_->offset));
    return {};
}

Result<void, ParseError> Parser::finish() {
    error_code ec;
    if (!state_->reader.done()) (void)state_->reader.write_some(false, "", 0, ec);
    if (!ec && !state_->reader.done()) ec = boost::json::error::incomplete;
    if (ec) return fail(error_of(ec, state_->sink, state_->offset));
    return {};
}

std::size_t Parser::offset() const { return state_->offset; }

}  // namespace cairn::json
