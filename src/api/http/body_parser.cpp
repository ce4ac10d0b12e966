#include "api/http/body_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "api/http/raw_head.hpp"

namespace cairn::http {

namespace beast = boost::beast;
using beast::error_code;

/// Keeps the body and nothing of the head, which was read already.
class BodyParser::Parser : public beast::http::basic_parser<true> {
public:
    explicit Parser(std::size_t limit) {
        longest_ = limit;
        body_limit(limit);
        header_limit(kHeadMax);
        eager(true);
    }
    std::string body;

private:
    void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                         error_code&) override {}
    void on_response_impl(int, beast::string_view, int, error_code&) override {}
    void on_field_impl(beast::http::field, beast::string_view, beast::string_view,
                       error_code&) override {}
    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override {
        if (length && *length < longest_) longest_ = static_cast<std::size_t>(*length);
    }
    std::size_t on_body_impl(beast::string_view part, error_code&) override { return keep(part); }
    void on_chunk_header_impl(std::uint64_t, beast::string_view extensions,
                              error_code& ec) override {
        // Nobody needs them, and readers that skip them differently see different requests.
        if (!extensions.empty()) ec = beast::http::error::bad_chunk_extension;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view part, error_code&) override {
        return keep(part);
    }
    void on_finish_impl(error_code&) override {}

    /// Memory is taken as bytes come, not as they are promised, and never more than was promised.
    std::size_t keep(beast::string_view part) {
        const std::size_t wanted = body.size() + part.size();
        if (wanted > body.capacity())
            body.reserve(std::max(wanted, std::min(longest_, 2 * body.capacity())));
        body.append(part.data(), part.size());
        return part.size();
    }

    std::size_t longest_ = 0;  // that it can get
};

BodyParser::BodyParser(std::size_t limit) : parser_{std::make_unique<Parser>(limit)} {}
BodyParser::~BodyParser() = default;
BodyParser::BodyParser(BodyParser&&) noexcept = default;
BodyParser& BodyParser::operator=(BodyParser&&) noexcept = default;

Result<BodyParser::Progress, Problem> BodyParser::put(std::string_view bytes) {
    error_code ec;
    Progress progress;
    while (!parser_->is_done()) {
        const std::size_t used = parser_->put(
            boost::asio::const_buffer{bytes.data() + progress.used, bytes.size() - progress.used},
            ec);
        progress.used += used;
        if (ec == beast::http::error::need_more) break;
        if (ec == beast::http::error::body_limit)
            return fail(
                Problem{.status = 413, .detail = "The body is longer than this route takes."});
        if (ec)
            return fail(
                Problem{.status = 400, .detail = "The body is not framed as it should be."});
        if (used == 0 || progress.used == bytes.size()) break;
    }
    progress.done = parser_->is_done();
    return progress;
}

std::size_t BodyParser::held() const { return parser_->body.capacity(); }

std::string BodyParser::take_body() { return std::move(parser_->body); }

}  // namespace cairn::http
