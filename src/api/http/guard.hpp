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
    std::vector<std::string> hosts = {};         // --host: names and IP addresses
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
/// image, a link, a prefetch) by what browsers say of themselves in Sec-Fetch-Site and Sec-Purpose,
/// and by the Referer.
///
/// Host is localhost, a loopback address, the node's own address that the connection came to, or
/// what the owner has named. Browsers say nothing of themselves to addresses that they do not
/// trust: `0.0.0.0`, `[::]` and `[::ffff:127.0.0.1]` lead to the same node as 127.0.0.1 does, so
/// that none of them is a Host here. An address counts in its canonical spelling only.
///
/// A node's own origin is its Host: once Host is an address or a name of the owner's, a page can
/// carry that origin only if it came from there, under whatever port it is reached.
/// Errors: 421 foreign host, 403 foreign origin or cross-site. Source: docs/http.md, Who may call.
[[nodiscard]] GuardVerdict guard(const RequestHead& head, const Client& client,
                                 const GuardConfig& config, const GuardRoute& route);

/// "[::1]:5000" -> "[::1]"; the whole if there is no port.
[[nodiscard]] std::string_view host_of(std::string_view authority);

/// What is wrong with a name or an address as a Host of this node (`--host`): the end of a sentence
/// that begins with it. Nothing if it can be one.
[[nodiscard]] std::optional<std::string> flaw_of_host(std::string_view host);

}  // namespace cairn::http
