#include "json/reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "json/parse_sentence.hpp"
#include "json/writer.hpp"

namespace cairn::json {
namespace {

using boost::json::error_code;

/// A name that stands twice in `members`, if any.
const std::string* repeated_name(const Value::Object& members) {
    std::vector<const std::string*> names;
    names.reserve(members.size());
    for (const Member& member : members) names.push_back(&member.name);
    std::ranges::sort(names, {}, [](const std::string* name) { return std::string_view{*name}; });
    const auto twice = std::ranges::adjacent_find(
        names, [](const std::string* a, const std::string* b) { return *a == *b; });
    return twice == names.end() ? nullptr : *twice;
}

/// Builds the tree from the parser's events. `reason` says why it stopped them, if it did.
class Builder {
public:
    explicit Builder(const Limits& limits) : limits_{limits}, values_left_{limits.values} {}
    /// Hands over the elements of the outermost object's array `member`, instead of keeping them.
    Builder(const Limits& limits, std::string_view member, const EachElement& each)
        : limits_{limits}, values_left_{limits.values}, member_{member}, each_{&each} {}

    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }

    bool on_object_begin(error_code& ec) { return open(Value::Object{}, ec); }
    bool on_object_end(std::size_t, error_code& ec) {
        auto& members = std::get<Value::Object>(open_.back().items);
        if (const std::string* name = repeated_name(members)) {
            reason = "the name ";
            append_string(reason, *name);
            reason += " stands twice in one object";
            ec = boost::json::error::syntax;
            return false;
        }
        return close(std::move(members), ec);
    }
    bool on_array_begin(error_code& ec) { return open(Value::Array{}, ec); }
    bool on_array_end(std::size_t, error_code& ec) {
        return close(std::move(std::get<Value::Array>(open_.back().items)), ec);
    }

    bool on_key_part(boost::json::string_view part, std::size_t, error_code&) {
        return collect(part);
    }
    bool on_key(boost::json::string_view part, std::size_t, error_code& ec) {
        collect(part);
        // Whether a name stands twice is only known once all are: they are sorted.
        if (std::get<Value::Object>(open_.back().items).size() >= limits_.members) {
            reason = "an object has more than " + std::to_string(limits_.members) + " members";
            ec = boost::json::error::object_too_large;
            return false;
        }
        open_.back().name = std::exchange(text_, {});
        return true;
    }
    bool on_string_part(boost::json::string_view part, std::size_t, error_code&) {
        return collect(part);
    }
    bool on_string(boost::json::string_view part, std::size_t, error_code& ec) {
        collect(part);
        return put(Value{std::exchange(text_, {})}, ec);
    }
    bool on_number_part(boost::json::string_view part, error_code&) { return collect(part); }
    bool on_int64(std::int64_t, boost::json::string_view part, error_code& ec) {
        return number(part, ec);
    }
    bool on_uint64(std::uint64_t, boost::json::string_view part, error_code& ec) {
        return number(part, ec);
    }
    bool on_double(double, boost::json::string_view part, error_code& ec) {
        return number(part, ec);
    }
    bool on_bool(bool value, error_code& ec) { return put(Value{value}, ec); }
    bool on_null(error_code& ec) { return put(Value{}, ec); }
    bool on_comment_part(boost::json::string_view, error_code&) { return false; }
    bool on_comment(boost::json::string_view, error_code&) { return false; }

    Value root;
    std::string reason;
    Elements elements = Elements::none;

private:
    struct Open {
        std::variant<Value::Object, Value::Array> items;
        std::string name;  // of the member that is being read
    };

    bool collect(boost::json::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool number(boost::json::string_view part, error_code& ec) {
        collect(part);
        return put(Value{Number{std::exchange(text_, {})}}, ec);
    }
    bool open(std::variant<Value::Object, Value::Array> items, error_code& ec) {
        if (!count(ec)) return false;
        open_.push_back({std::move(items), {}});
        if (is_handed_over()) {
            elements = Elements::all;
            values_left_ = limits_.values;  // of its first element
        }
        return true;
    }
    template <class Items>
    bool close(Items items, error_code& ec) {
        open_.pop_back();
        return place(Value{std::move(items)}, ec);
    }
    bool put(Value value, error_code& ec) {
        if (!count(ec)) return false;
        return place(std::move(value), ec);
    }
    /// Whether the innermost array is the one whose elements are handed over.
    [[nodiscard]] bool is_handed_over() const {
        return each_ != nullptr && open_.size() == 2 && open_[0].name == member_ &&
               std::holds_alternative<Value::Object>(open_[0].items) &&
               std::holds_alternative<Value::Array>(open_[1].items);
    }
    bool count(error_code& ec) {
        if (values_left_-- > 0) return true;
        reason = "it holds too many values";
        ec = boost::json::error::array_too_large;
        return false;
    }
    bool place(Value value, error_code& ec) {
        if (open_.empty()) {
            root = std::move(value);
        } else if (is_handed_over()) {
            values_left_ = limits_.values;
            if ((*each_)(std::move(value))) return true;
            elements = Elements::stopped;
            ec = boost::json::error::array_too_large;
            return false;
        } else if (auto* members = std::get_if<Value::Object>(&open_.back().items)) {
            members->push_back({std::move(open_.back().name), std::move(value)});
        } else {
            std::get<Value::Array>(open_.back().items).push_back(std::move(value));
        }
        return true;
    }

    const Limits limits_;
    std::size_t values_left_;
    const std::string_view member_;
    const EachElement* each_ = nullptr;
    std::vector<Open> open_;
    std::string text_;  // of the string, name or number that is being read
};

}  // namespace

namespace {

boost::json::parse_options options_of(const Limits& limits) {
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    return options;
}

/// The whole of `text`, or why not.
Result<void, ParseError> run_parser(boost::json::basic_parser<Builder>& parser,
                                    std::string_view text) {
    error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    Builder& built = parser.handler();
    if (built.elements == Elements::stopped) return {};
    if (!ec && used < text.size()) ec = boost::json::error::extra_data;
    if (!ec && !parser.done()) ec = boost::json::error::incomplete;
    if (ec) return fail(ParseError{built.reason.empty() ? parse_sentence(ec) : built.reason, used});
    return {};
}

}  // namespace

Result<Value, ParseError> parse(std::string_view text, Limits limits) {
    boost::json::basic_parser<Builder> parser{options_of(limits), limits};
    if (auto done = run_parser(parser, text); !done) return fail(std::move(done.error()));
    return std::move(parser.handler().root);
}

Result<Elements, ParseError> read_elements(std::string_view text, std::string_view member,
                                           const EachElement& each, Limits limits) {
    boost::json::basic_parser<Builder> parser{options_of(limits), limits, member, each};
    if (auto done = run_parser(parser, text); !done) return fail(std::move(done.error()));
    return parser.handler().elements;
}

}  // namespace cairn::json
