#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/http/problem.hpp"
#include "api/http/request.hpp"

namespace cairn::http {

struct Header {
    std::string name;
    std::string value;
};

/// Which names and web origins the owner of a node has named.
struct GuardConfig {
    std::vector<std::string> hosts = {};         // --host, beside IP literals and localhost
    std::vector<std::string> cors_origins = {};  // --cors, "https://app.example:8443"
    bool dev = false;  // a throw-away chain: pages on loopback are welcome
};

/// Whether a request may be looked at all, and what a browser is told with the answer.
struct GuardVerdict {
    std::optional<Problem> refused = {};
    std::vector<Header> headers = {};  // CORS
};

/// What the guard knows of the route: does it change or fetch anything, and is it the peers'
/// socket?
struct GuardRoute {
    bool changes = false;
    bool peer_socket = false;
    std::string_view allow;  // its methods, for a preflight
};

/// No web page drives a node behind its owner's back. A name that an attacker made to point here is
/// refused by Host, a page of a foreign origin by Origin, and a page that can do without Origin (an
/// image, a link, a prefetch) by what browsers say of themselves in Sec-Fetch-Site and Sec-Purpose.
///
/// A node's own origin is its Host: once Host is an address or a name of the owner's, a page can
/// carry that origin only if it came from there, under whatever port it is reached.
/// Errors: 421 foreign host, 403 foreign origin or cross-site. Source: docs/http.md, Who may call.
[[nodiscard]] GuardVerdict guard(const RequestHead& head, const Client& client,
                                 const GuardConfig& config, const GuardRoute& route);

/// "[::1]:5000" -> "[::1]"; the whole if there is no port.
[[nodiscard]] std::string_view host_of(std::string_view authority);

/// A dotted quad without leading zeros, or IPv6 in brackets.
[[nodiscard]] bool is_ip_literal(std::string_view host);

}  // namespace cairn::http
