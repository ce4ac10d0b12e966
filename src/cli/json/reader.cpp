#include "cli/json/reader.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <utility>
#include <variant>

namespace cairn::cli {
namespace {

using boost::json::error_code;

constexpr std::size_t kDepthMax = 64;

/// Builds the tree from the parser's events.
class Builder {
public:
    Builder(std::vector<std::string> streamed, OnElement on_element)
        : streamed_{std::move(streamed)}, on_element_{std::move(on_element)} {}

    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return open(Json::Object{}); }
    bool on_object_end(std::size_t, error_code& ec) { return close<Json::Object>(ec); }
    bool on_array_begin(error_code&) { return open(Json::Array{}); }
    bool on_array_end(std::size_t, error_code& ec) { return close<Json::Array>(ec); }

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
        return place(Json{std::exchange(text_, {})}, ec);
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
    bool on_bool(bool value, error_code& ec) { return place(Json{value}, ec); }
    bool on_null(error_code& ec) { return place(Json{}, ec); }
    bool on_comment_part(boost::json::string_view, error_code&) { return false; }
    bool on_comment(boost::json::string_view, error_code&) { return false; }

    Json root;
    bool stopped = false;

private:
    struct Open {
        std::variant<Json::Object, Json::Array> items;
        std::string name;  // of the member that is being read
    };

    bool collect(boost::json::string_view part) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool number(boost::json::string_view part, error_code& ec) {
        collect(part);
        return place(Json{Json::Number{std::exchange(text_, {})}}, ec);
    }
    bool open(std::variant<Json::Object, Json::Array> items) {
        open_.push_back({std::move(items), {}});
        return true;
    }
    template <class Items>
    bool close(error_code& ec) {
        Json whole{std::move(std::get<Items>(open_.back().items))};
        open_.pop_back();
        return place(std::move(whole), ec);
    }
    [[nodiscard]] bool in_streamed_array() const {
        return open_.size() == 2 && std::holds_alternative<Json::Object>(open_[0].items) &&
               std::holds_alternative<Json::Array>(open_[1].items) &&
               std::ranges::find(streamed_, open_[0].name) != streamed_.end();
    }
    bool place(Json value, error_code& ec) {
        if (open_.empty()) {
            root = std::move(value);
        } else if (auto* members = std::get_if<Json::Object>(&open_.back().items)) {
            members->push_back({std::move(open_.back().name), std::move(value)});
        } else if (in_streamed_array()) {
            if (on_element_(open_[0].name, std::move(value))) return true;
            stopped = true;
            ec = boost::json::error::exception;
            return false;
        } else {
            std::get<Json::Array>(open_.back().items).push_back(std::move(value));
        }
        return true;
    }

    std::vector<std::string> streamed_;
    OnElement on_element_;
    std::vector<Open> open_;
    std::string text_;  // of the string, name or number that is being read
};

boost::json::parse_options options() {
    boost::json::parse_options made;
    made.max_depth = kDepthMax;
    return made;
}

}  // namespace

struct JsonReader::Parser : boost::json::basic_parser<Builder> {
    Parser(std::vector<std::string> streamed, OnElement on_element)
        : basic_parser{options(), std::move(streamed), std::move(on_element)} {}
};

JsonReader::JsonReader(std::vector<std::string> streamed, OnElement on_element)
    : parser_{std::make_unique<Parser>(std::move(streamed), std::move(on_element))} {}

JsonReader::~JsonReader() = default;

Result<void, std::string> JsonReader::feed(std::string_view piece) {
    error_code ec;
    const std::size_t used = parser_->write_some(true, piece.data(), piece.size(), ec);
    if (!ec && used < piece.size()) ec = boost::json::error::extra_data;
    if (ec) return fail(ec.message());
    return {};
}

Result<Json, std::string> JsonReader::end() {
    error_code ec;
    parser_->write_some(false, "", 0, ec);
    if (!ec && !parser_->done()) ec = boost::json::error::incomplete;
    if (ec) return fail(ec.message());
    return std::move(parser_->handler().root);
}

bool JsonReader::stopped() const { return parser_->handler().stopped; }

Result<Json, std::string> parse_json(std::string_view text) {
    JsonReader reader;
    if (auto fed = reader.feed(text); !fed) return fail(std::move(fed.error()));
    return reader.end();
}

}  // namespace cairn::cli
