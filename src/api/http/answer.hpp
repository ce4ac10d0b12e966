#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/guard.hpp"
#include "api/http/problem.hpp"
#include "core/base/result.hpp"
#include "ledger/store.hpp"

namespace cairn::http {

/// An answer that is at hand as a whole. Without a Cache-Control of its own it is not to be stored.
struct Reply {
    unsigned status = 200;
    std::string body = {};
    std::string content_type = "application/json";
    std::vector<Header> headers = {};
};

/// An answer that is made while it is sent, asked for more only when the socket took the last; sent
/// with status 200. Lives on one I/O thread, from its first `next` to its end.
class Stream {
public:
    virtual ~Stream() = default;
    /// Appends at most 64 KiB. True: more follows. True with nothing appended: nothing for now, to
    /// be asked again when woken. An error cuts the connection, so that no reader takes a part for
    /// the whole; as the very first word it becomes a 503.
    [[nodiscard]] virtual Result<bool, StoreError> next(std::string& out) = 0;
    [[nodiscard]] virtual std::string_view content_type() const { return "application/json"; }
    [[nodiscard]] virtual std::vector<Header> headers() const { return {}; }
    /// Bytes of memory that it keeps beside the part that waits to be sent.
    [[nodiscard]] virtual std::size_t held() const { return 0; }
    /// Called once, before the first `next`, with what wakes this stream: from any thread, at any
    /// time, also after the stream has gone.
    virtual void attach(std::function<void()> /*wake*/) {}
};

using Answer = std::variant<Reply, std::unique_ptr<Stream>, Problem>;

}  // namespace cairn::http
