#include "api/json/reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "api/json/parse_sentence.hpp"
#include "api/json/writer.hpp"

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
    explicit Builder(std::size_t values_left) : values_left_{values_left} {}

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
    bool on_key(boost::json::string_view part, std::size_t, error_code&) {
        collect(part);
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
        return true;
    }
    template <class Items>
    bool close(Items items, error_code&) {
        open_.pop_back();
        place(Value{std::move(items)});
        return true;
    }
    bool put(Value value, error_code& ec) {
        if (!count(ec)) return false;
        place(std::move(value));
        return true;
    }
    bool count(error_code& ec) {
        if (values_left_-- > 0) return true;
        reason = "it holds too many values";
        ec = boost::json::error::array_too_large;
        return false;
    }
    void place(Value value) {
        if (open_.empty()) {
            root = std::move(value);
        } else if (auto* members = std::get_if<Value::Object>(&open_.back().items)) {
            members->push_back({std::move(open_.back().name), std::move(value)});
        } else {
            std::get<Value::Array>(open_.back().items).push_back(std::move(value));
        }
    }

    std::size_t values_left_;
    std::vector<Open> open_;
    std::string text_;  // of the string, name or number that is being read
};

}  // namespace

Result<Value, ParseError> parse(std::string_view text, Limits limits) {
    boost::json::parse_options options;
    options.max_depth = limits.depth;
    boost::json::basic_parser<Builder> parser{options, limits.values};
    error_code ec;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), ec);
    if (!ec && used < text.size()) ec = boost::json::error::extra_data;
    if (!ec && !parser.done()) ec = boost::json::error::incomplete;
    Builder& built = parser.handler();
    if (ec) return fail(ParseError{built.reason.empty() ? parse_sentence(ec) : built.reason, used});
    return std::move(built.root);
}

}  // namespace cairn::json
