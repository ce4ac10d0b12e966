#include "api/http/request_reader.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/ensure.hpp"

namespace cairn::http {

std::size_t RequestReader::size_for(std::size_t wanted) const {
    constexpr std::size_t kFirst = 4 * 1024;
    const std::size_t unread_bytes = end_ - begin_;
    std::size_t size = std::max(buffer_.size(), unread_bytes + wanted);
    if (unread_bytes == size) size = std::max(kFirst, size * 2);
    return std::min(kBufferMax, size);
}

std::span<char> RequestReader::room(std::size_t wanted) {
    const std::size_t size = size_for(wanted);
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (size > buffer_.size()) {
        buffer_.reserve(size);
        buffer_.resize(size);
    }
    return {buffer_.data() + end_, buffer_.size() - end_};
}

void RequestReader::shrink() {
    begin_ = end_ = 0;
    buffer_ = {};
}

Result<std::optional<RequestHead>, Problem> RequestReader::read_head() {
    // Some clients end a body with a line of their own. RFC 9112, section 2.2.
    if (!blank_skipped_ && unread().starts_with("\r\n")) begin_ += 2, blank_skipped_ = true;
    if (!blank_skipped_ && unread() == "\r") return std::nullopt;
    const auto length = scanner_.scan(unread());
    if (!length) return fail(length.error());
    if (*length == 0) return std::nullopt;
    head_length_ = *length;
    auto head = parse_head(unread().substr(0, head_length_));
    if (!head) return fail(std::move(head.error()));
    return std::move(*head);
}

void RequestReader::skip_head() {
    begin_ += head_length_;
    head_length_ = 0;
    blank_skipped_ = false;
    scanner_.reset();
}

Result<std::optional<std::string>, Problem> RequestReader::read_body(std::size_t limit) {
    if (!body_) {
        body_.emplace(limit);
        const auto head = body_->put(unread().substr(0, head_length_));
        if (!head) return fail(head.error());
        // The two readers of the head must agree that it ends here and that a body follows.
        if (head->used != head_length_ || head->done)
            return fail(Problem{.status = 400, .detail = "The head is ambiguous."});
        skip_head();
    }
    if (empty()) return std::nullopt;
    const auto progress = body_->put(unread());
    if (!progress) return fail(progress.error());
    begin_ += progress->used;
    if (progress->done) {
        std::string body = body_->take_body();
        body_.reset();
        return body;
    }
    if (full())
        return fail(Problem{.status = 400, .detail = "The body is not framed as it should be."});
    return std::nullopt;
}

std::string RequestReader::take_all() {
    std::string all{unread()};
    begin_ = end_;
    return all;
}

}  // namespace cairn::http
