#include "api/http/body_parser.hpp"

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
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast::string_view part, error_code&) override {
        body.append(part.data(), part.size());
        return part.size();
    }
    void on_chunk_header_impl(std::uint64_t, beast::string_view extensions,
                              error_code& ec) override {
        // Nobody needs them, and readers that skip them differently see different requests.
        if (!extensions.empty()) ec = beast::http::error::bad_chunk_extension;
    }
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view part, error_code&) override {
        body.append(part.data(), part.size());
        return part.size();
    }
    void on_finish_impl(error_code&) override {}
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

std::string BodyParser::take_body() { return std::move(parser_->body); }

}  // namespace cairn::http
