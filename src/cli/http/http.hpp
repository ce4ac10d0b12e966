#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace cairn::cli {

struct HttpRequest {
    std::string method = "GET";
    std::string target;                 // "/chain?from=1": path and query, encoded
    std::optional<std::string> body{};  // JSON
    std::string token{};                // of a log-in; empty: none
    std::string idempotency_key{};      // empty: none
    std::uint32_t silence_s = 0;        // longest wait for the next byte; 0: as long as it takes
};

struct HttpAnswer {
    int status = 0;
    std::string type;         // of the content, without parameters
    std::string retry_after;  // as it was sent; may be empty
    std::string body;         // without what a sink took
};

struct HttpFailure {
    enum class Kind : std::uint8_t {
        no_connection,  // nothing was sent, here and in the next three
        unknown_host,
        untrusted,  // TLS: the certificate, or the file of those that vouch for it
        no_tls,
        silent,     // connected, then nothing for too long
        broke_off,  // the connection ended before the answer did
        not_http,
        too_long,
        stopped,  // by the sink
    };
    Kind kind = Kind::no_connection;
    std::string reason;  // libcurl's own words; not safe to show
};

/// Takes an answer's body as it comes, if its status is 2xx; false ends the transfer.
using Sink = std::function<bool(std::string_view)>;

/// Requests to one node, one after another over one connection. Redirects are not followed and no
/// proxy is asked: what is said to a node is said to that node.
class Http {
public:
    /// A body that no sink takes: a block of 4 MiB is some 12 MiB of JSON.
    static constexpr std::size_t kBodyMax = 64U << 20U;
    static constexpr std::uint32_t kConnectTimeout_s = 5;

    /// `base` is scheme, host and port. A fresh process is single-threaded when it makes the first.
    /// `authorities` is a PEM file of certificates that may vouch for an https node; empty: the
    /// system's.
    explicit Http(std::string base, std::string authorities = {});
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;
    ~Http();

    [[nodiscard]] Result<HttpAnswer, HttpFailure> send(const HttpRequest& request,
                                                       const Sink& sink = {});

private:
    struct Handle;
    std::string base_;
    std::string authorities_;
    std::unique_ptr<Handle> handle_;
};

}  // namespace cairn::cli
