#include "json/array_copy.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <unordered_set>
#include <utility>
#include <vector>

#include "json/parse_sentence.hpp"
#include "json/writer.hpp"

namespace cairn::json {
namespace {

using boost::json::error_code;

constexpr std::size_t kMembersMax = 1024;
constexpr std::size_t kNamesMax = 1024 * 1024;  // bytes, of the objects that are open
constexpr std::size_t kAroundName = 64;         // bytes that a name takes beside its text

/// Takes the parser's events and writes those within the wanted array.
class Copier {
public:
    Copier(std::string member, std::size_t bytes) : member_{std::move(member)}, bytes_{bytes} {}

    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }

    bool on_object_begin(error_code& ec) { return begin(true, ec); }
    bool on_object_end(std::size_t, error_code& ec) { return end('}', ec); }
    bool on_array_begin(error_code& ec) { return begin(false, ec); }
    bool on_array_end(std::size_t, error_code& ec) { return end(']', ec); }

    bool on_key_part(boost::json::string_view part, std::size_t, error_code& ec) {
        return collect(part, ec);
    }
    bool on_key(boost::json::string_view part, std::size_t, error_code& ec) {
        if (!collect(part, ec)) return false;
        Level& level = levels_.back();
        const auto [name, fresh] = level.names.insert(std::exchange(text_, {}));
        const std::size_t cost = name->size() + kAroundName;
        level.bytes += cost;
        names_bytes_ += cost;
        if (!fresh) {
            reason = "the name ";
            append_string(reason, name->substr(0, 80));
            reason += " stands twice in one object";
        } else if (level.names.size() > kMembersMax) {
            reason = "an object has more than 1,024 members";
        } else if (names_bytes_ > kNamesMax) {
            reason = "the names of its objects are longer than 1 MiB together";
        }
        if (!reason.empty()) return stop(ec);
        if (levels_.size() == 1) wanted_ = *name == member_;
        if (!copying_) return true;
        if (!std::exchange(level.first, false)) out_ += ',';
        append_string(out_, *name);
        out_ += ':';
        return has_room(ec);
    }
    bool on_string_part(boost::json::string_view part, std::size_t, error_code& ec) {
        return collect(part, ec);
    }
    bool on_string(boost::json::string_view part, std::size_t, error_code& ec) {
        if (!collect(part, ec)) return false;
        const std::string text = std::exchange(text_, {});
        if (!separate(ec)) return false;
        if (copying_) append_string(out_, text);
        return value_done(ec);
    }
    bool on_number_part(boost::json::string_view part, error_code& ec) { return collect(part, ec); }
    bool on_int64(std::int64_t, boost::json::string_view part, error_code& ec) {
        return number(part, ec);
    }
    bool on_uint64(std::uint64_t, boost::json::string_view part, error_code& ec) {
        return number(part, ec);
    }
    bool on_double(double, boost::json::string_view part, error_code& ec) {
        return number(part, ec);
    }
    bool on_bool(bool value, error_code& ec) { return word(value ? "true" : "false", ec); }
    bool on_null(error_code& ec) { return word("null", ec); }
    bool on_comment_part(boost::json::string_view, error_code&) { return false; }
    bool on_comment(boost::json::string_view, error_code&) { return false; }

    [[nodiscard]] std::string take() {
        out_.resize(whole_);
        whole_ = 0;
        return std::exchange(out_, {});
    }
    [[nodiscard]] std::size_t held() const { return out_.size() + text_.size() + names_bytes_; }
    [[nodiscard]] bool is_full() const { return full_; }
    [[nodiscard]] bool found() const { return found_; }

    std::string reason;

private:
    struct Level {
        bool object = false;
        bool first = true;
        std::unordered_set<std::string> names;
        std::size_t bytes = 0;  // of the names
    };

    bool stop(error_code& ec) {
        ec = boost::json::error::syntax;
        return false;
    }
    bool has_room(error_code& ec) {
        if (out_.size() + text_.size() <= bytes_) return true;
        full_ = true;
        return stop(ec);
    }
    bool collect(boost::json::string_view part, error_code& ec) {
        text_.append(part.data(), part.size());
        return has_room(ec);
    }
    /// What stands before a value.
    bool separate(error_code& ec) {
        if (levels_.empty()) {
            reason = "it is no object";
            return stop(ec);
        }
        if (copying_ && !levels_.back().object && !std::exchange(levels_.back().first, false))
            out_ += ',';
        if (levels_.size() > 1 || !wanted_) return true;
        reason = "its \"" + member_ + "\" is no array";
        return stop(ec);
    }
    bool value_done(error_code& ec) {
        if (!copying_) return true;
        if (!has_room(ec)) return false;
        if (levels_.size() == 2) whole_ = out_.size();
        return true;
    }
    bool word(std::string_view text, error_code& ec) {
        if (!separate(ec)) return false;
        if (copying_) out_ += text;
        return value_done(ec);
    }
    bool number(boost::json::string_view part, error_code& ec) {
        if (!collect(part, ec)) return false;
        return word(std::exchange(text_, {}), ec);
    }
    bool begin(bool object, error_code& ec) {
        if (levels_.size() == 1 && wanted_ && !object) {
            copying_ = found_ = true;
        } else if (!levels_.empty() || !object) {
            if (!separate(ec)) return false;
            if (copying_) out_ += object ? '{' : '[';
        }
        levels_.push_back(Level{.object = object, .first = true, .names = {}, .bytes = 0});
        return has_room(ec);
    }
    bool end(char bracket, error_code& ec) {
        names_bytes_ -= levels_.back().bytes;
        levels_.pop_back();
        if (levels_.size() == 1) copying_ = false;
        if (!copying_) return true;
        out_ += bracket;
        return value_done(ec);
    }

    const std::string member_;
    const std::size_t bytes_;
    std::vector<Level> levels_;
    std::string text_;  // of the string, name or number that is being read
    std::size_t names_bytes_ = 0;  // of the objects that are open
    std::string out_;
    std::size_t whole_ = 0;  // of out_: up to the last element that is complete
    bool wanted_ = false;    // the member being read is the one
    bool copying_ = false;
    bool found_ = false;
    bool full_ = false;
};

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

boost::json::parse_options options_of(const ArrayCopy::Limits& limits) {
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    return options;
}

}  // namespace

struct ArrayCopy::State {
    State(std::string member, const Limits& limits)
        : parser{options_of(limits), std::move(member), limits.bytes} {}

    [[nodiscard]] ParseError error(const error_code& ec) {
        const std::string& reason = parser.handler().reason;
        return {reason.empty() ? parse_sentence(ec) : reason, read};
    }

    boost::json::basic_parser<Copier> parser;
    std::size_t read = 0;
};

ArrayCopy::ArrayCopy(std::string member, Limits limits)
    : state_{std::make_unique<State>(std::move(member), limits)} {}
ArrayCopy::~ArrayCopy() = default;
ArrayCopy::ArrayCopy(ArrayCopy&&) noexcept = default;

Result<bool, ParseError> ArrayCopy::feed(std::string_view part) {
    error_code ec;
    std::size_t used = 0;
    if (!state_->parser.done())
        used = state_->parser.write_some(true, part.data(), part.size(), ec);
    state_->read += used;
    if (state_->parser.handler().is_full()) return false;
    if (!ec && !is_blank(part.substr(used))) ec = boost::json::error::extra_data;
    if (ec) return fail(state_->error(ec));
    return true;
}

Result<void, ParseError> ArrayCopy::finish() {
    error_code ec;
    if (!state_->parser.done()) (void)state_->parser.write_some(false, "", 0, ec);
    if (!ec && !state_->parser.done()) ec = boost::json::error::incomplete;
    if (ec) return fail(state_->error(ec));
    if (!state_->parser.handler().found())
        return fail(ParseError{"it has no array of that name", state_->read});
    return {};
}

std::size_t ArrayCopy::held() const { return state_->parser.handler().held(); }

std::string ArrayCopy::take() { return state_->parser.handler().take(); }

}  // namespace cairn::json
