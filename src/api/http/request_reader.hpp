#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "api/http/body_parser.hpp"
#include "api/http/problem.hpp"
#include "api/http/raw_head.hpp"
#include "api/http/request.hpp"
#include "core/base/result.hpp"

namespace cairn::http {

/// Takes requests out of a byte stream, one after another. Its buffer is bounded: whoever fills it
/// stops when it is full. After an error the stream has no next request.
class RequestReader {
public:
    static constexpr std::size_t kBufferMax = 32 * 1024;
    static_assert(kHeadMax < kBufferMax);

    /// Where the next bytes go, `wanted` of them if the buffer's bound allows; empty if it is full.
    [[nodiscard]] std::span<char> room(std::size_t wanted = 0);
    /// Bytes of memory that the buffer has once `room` was called.
    [[nodiscard]] std::size_t size_for(std::size_t wanted) const;
    void filled(std::size_t bytes) { end_ += bytes; }
    [[nodiscard]] bool full() const { return end_ - begin_ == kBufferMax; }
    [[nodiscard]] bool empty() const { return end_ == begin_; }
    /// While it is empty and nobody reads into it: gives its memory back.
    void shrink();
    /// Bytes of memory of the body that is being read.
    [[nodiscard]] std::size_t body_held() const { return body_ ? body_->held() : 0; }
    /// Of the head that was read last, until its body is read or it is skipped.
    [[nodiscard]] std::size_t head_length() const { return head_length_; }

    /// The next head, once it is whole. The body, if there is one, is to be read or the stream
    /// ended.
    [[nodiscard]] Result<std::optional<RequestHead>, Problem> read_head();
    /// After a head without a body: on to the next request.
    void skip_head();
    /// After a head with a body of at most `limit` bytes: the body, once it is whole. Call it with
    /// the same limit until then.
    [[nodiscard]] Result<std::optional<std::string>, Problem> read_body(std::size_t limit);
    /// After a head: it and all that followed, for whoever takes the stream over.
    [[nodiscard]] std::string take_all();
    void discard() { begin_ = end_; }

private:
    [[nodiscard]] std::string_view unread() const {
        return {buffer_.data() + begin_, end_ - begin_};
    }

    std::string buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t head_length_ = 0;
    bool blank_skipped_ = false;
    HeadScanner scanner_;
    std::optional<BodyParser> body_;
};

}  // namespace cairn::http
