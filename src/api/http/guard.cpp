#include "api/http/guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace cairn::http {
namespace {

std::string lower_case(std::string_view text) {
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

/// A host with an optional port, and nothing else.
bool is_authority(std::string_view text) {
    const std::string_view host = host_of(text);
    std::string_view port = text.substr(host.size());
    if (host.empty()) return false;
    if (host.find_first_of("/\\@?# \t,") != std::string_view::npos) return false;
    if (port.empty()) return true;
    port.remove_prefix(1);
    return !port.empty() && port.size() <= 5 &&
           port.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "[::1]") return true;
    return is_ip_literal(host) && host.starts_with("127.");
}

bool host_is_ours(std::string_view authority, const GuardConfig& config) {
    if (!is_authority(authority)) return false;
    const std::string host = lower_case(host_of(authority));
    if (host == "localhost" || is_ip_literal(host)) return true;
    return std::ranges::any_of(config.hosts,
                               [&](const std::string& name) { return lower_case(name) == host; });
}

/// Scheme and authority of an origin; nothing of "null" and of what is no web origin.
struct Origin {
    std::string_view scheme;
    std::string_view authority;
};
std::optional<Origin> split_origin(std::string_view text) {
    for (const std::string_view scheme : {"http", "https"}) {
        if (!text.starts_with(scheme) || !text.substr(scheme.size()).starts_with("://")) continue;
        const std::string_view authority = text.substr(scheme.size() + 3);
        if (is_authority(authority)) return Origin{scheme, authority};
    }
    return std::nullopt;
}

std::string_view without_default_port(std::string_view authority, std::string_view scheme) {
    const std::string_view port = scheme == "https" ? ":443" : ":80";
    const std::size_t host = host_of(authority).size();
    return authority.substr(host) == port ? authority.substr(0, host) : authority;
}

bool is_own_origin(const Origin& origin, std::string_view host, bool secure) {
    if (origin.scheme != (secure ? "https" : "http")) return false;
    return without_default_port(origin.authority, origin.scheme) ==
           without_default_port(host, origin.scheme);
}

bool is_named_origin(std::string_view text, const GuardConfig& config) {
    if (std::ranges::find(config.cors_origins, text) != config.cors_origins.end()) return true;
    if (!config.dev) return false;
    const auto origin = split_origin(text);
    return origin && is_loopback(host_of(origin->authority));
}

GuardVerdict refuse(unsigned status, std::string detail) {
    return {.refused = Problem{.status = status, .detail = std::move(detail)}, .headers = {}};
}

bool browser_means_well(const Headers& headers, bool dev) {
    if (headers.sec_purpose) return false;
    if (!headers.sec_fetch_site) return true;
    const std::string_view site = *headers.sec_fetch_site;
    return site == "none" || site == "same-origin" || (dev && site == "same-site");
}

std::vector<Header> cors_headers(const RequestHead& head, const std::string& origin,
                                 std::string_view allow) {
    std::vector<Header> out;
    out.push_back({"Access-Control-Allow-Origin", origin});
    out.push_back({"Access-Control-Expose-Headers", "ETag, Link, Retry-After"});
    if (head.method != Method::options || !head.headers.access_control_request_method) return out;
    out.push_back({"Access-Control-Allow-Methods", std::string{allow}});
    out.push_back({"Access-Control-Allow-Headers",
                   "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID"});
    out.push_back({"Access-Control-Max-Age", "600"});
    if (head.headers.access_control_request_private_network)
        out.push_back({"Access-Control-Allow-Private-Network", "true"});
    return out;
}

}  // namespace

std::string_view host_of(std::string_view authority) {
    if (authority.starts_with('[')) {
        const std::size_t bracket = authority.find(']');
        if (bracket == std::string_view::npos) return {};
        const std::string_view rest = authority.substr(bracket + 1);
        return rest.empty() || rest.front() == ':' ? authority.substr(0, bracket + 1)
                                                   : std::string_view{};
    }
    return authority.substr(0, authority.find(':'));
}

bool is_ip_literal(std::string_view host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
        return inet_pton(AF_INET6, std::string{host.substr(1, host.size() - 2)}.c_str(),
                         address.data()) == 1;
    return inet_pton(AF_INET, std::string{host}.c_str(), address.data()) == 1;
}

GuardVerdict guard(const RequestHead& head, const Client& client, const GuardConfig& config,
                   const GuardRoute& route) {
    const auto& origin = head.headers.origin;
    if (route.peer_socket) {
        // Only browsers send Origin, and no peer is one.
        if (origin) return refuse(403, "The peers' socket takes no request of a web page.");
        return {};
    }
    if (!host_is_ours(head.headers.host, config))
        return refuse(421,
                      "This node does not answer to that Host: use its address, localhost or a "
                      "name given with --host.");
    GuardVerdict verdict;
    if (!config.cors_origins.empty() || config.dev) verdict.headers.push_back({"Vary", "Origin"});
    if (!origin) {
        if (route.changes && !browser_means_well(head.headers, config.dev))
            return refuse(403, "A page of another site may not do this.");
        return verdict;
    }
    if (is_named_origin(*origin, config)) {
        auto cors = cors_headers(head, *origin, route.allow);
        verdict.headers.insert(verdict.headers.end(), cors.begin(), cors.end());
        return verdict;
    }
    const auto parts = split_origin(*origin);
    if (parts && is_own_origin(*parts, lower_case(head.headers.host), client.secure))
        return verdict;
    return refuse(403, "Pages of this origin may not use this node: name it with --cors.");
}

}  // namespace cairn::http
