#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/memory_budget.hpp"
#include "json/value.hpp"

namespace cairn::http {

enum class Method : std::uint8_t { get, head, post, put, del, patch, options, other };
[[nodiscard]] std::string_view to_text(Method method);  // "GET"; "other" has no name: ""

/// The header fields that mean something to a node; none but Accept, If-None-Match, X-Forwarded-*,
/// Sec-WebSocket-Protocol and Connection may stand twice. The rest is checked for form and
/// forgotten.
struct Headers {
    std::string host;
    std::optional<std::string> origin;
    std::optional<std::string> authorization;
    std::optional<std::string> content_type;
    std::optional<std::string> accept;
    std::optional<std::string> if_none_match;
    std::optional<std::string> idempotency_key;
    std::optional<std::string> last_event_id;
    std::optional<std::string> sec_fetch_site;
    std::optional<std::string> sec_purpose;
    std::optional<std::string> referer;
    std::optional<std::string> x_forwarded_for;    // several, joined by commas
    std::optional<std::string> x_forwarded_proto;  // the same
    std::optional<std::string> access_control_request_method;
    std::optional<std::string> access_control_request_private_network;
    std::optional<std::string> sec_websocket_key;
    std::optional<std::string> sec_websocket_version;
    std::optional<std::string> sec_websocket_protocol;
};

/// A request's head, checked and taken apart.
struct RequestHead {
    Method method = Method::get;
    std::vector<std::string> segments;         // of the path, decoded; empty ones are left out
    json::Value query{json::Value::Object{}};  // an object of strings
    Headers headers;
    std::optional<std::uint64_t> content_length;
    bool chunked = false;
    bool keep_alive = true;
    bool expects_continue = false;
    bool wants_websocket = false;  // a well-formed upgrade: GET, 1.1, Upgrade: websocket
    bool asterisk = false;         // OPTIONS *
    unsigned minor_version = 1;    // of HTTP/1.x

    [[nodiscard]] bool has_body() const { return chunked || content_length.value_or(0) > 0; }
    /// "/blocks/7": the segments, joined. For people: a decoded "/" cannot be told from a
    /// separator.
    [[nodiscard]] std::string path() const;
};

/// Who sent it, as the socket knows.
struct Client {
    std::string address;  // "127.0.0.1", "::1"
    bool loopback = false;
    bool secure = false;     // over TLS
    std::string local = {};  // the node's own address that it came to
};

/// What an authorisation leaves for the route: its own type, known to who writes and who reads it.
struct Caller {
    virtual ~Caller() = default;
    bool known = false;  // it has shown that it may be here: a token
};

/// A whole request. `parameters` are the values of the route pattern's names, in its order.
struct Request {
    RequestHead head;
    Client client;
    std::string body;
    std::size_t route = 0;
    std::vector<std::string> parameters;
    std::shared_ptr<const Caller> caller;
    /// What the request costs until it is answered, `RouteLimits::memory_per_byte` of its body
    /// included; whoever works on it after that keeps this too.
    MemoryBudget::Hold memory = {};
};

}  // namespace cairn::http
