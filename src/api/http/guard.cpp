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

/// An IP address in its canonical spelling.
struct IpLiteral {
    std::string text;  // without brackets
    bool loopback = false;
    bool disguised = false;  // leads elsewhere than it says: unspecified, or IPv4 within IPv6
};

/// A dotted quad, or IPv6 in brackets; nothing of any other spelling of them, nor with a zone.
std::optional<IpLiteral> ip_literal(std::string_view host) {
    const bool v6 = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (v6) host = host.substr(1, host.size() - 2);
    IpLiteral out{.text = std::string{host}};
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    if (v6) {
        in6_addr address{};
        if (inet_pton(AF_INET6, out.text.c_str(), &address) != 1) return std::nullopt;
        inet_ntop(AF_INET6, &address, canonical.data(), canonical.size());
        out.loopback = IN6_IS_ADDR_LOOPBACK(&address);
        out.disguised = IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_V4MAPPED(&address) ||
                        (IN6_IS_ADDR_V4COMPAT(&address) && !out.loopback);
    } else {
        in_addr address{};
        if (inet_pton(AF_INET, out.text.c_str(), &address) != 1) return std::nullopt;
        inet_ntop(AF_INET, &address, canonical.data(), canonical.size());
        out.loopback = out.text.starts_with("127.");
        out.disguised = out.text == "0.0.0.0";
    }
    if (out.text != canonical.data()) return std::nullopt;
    return out;
}

bool is_loopback(std::string_view host) {
    if (host == "localhost") return true;
    const auto ip = ip_literal(host);
    return ip && ip->loopback;
}

std::string_view without_brackets(std::string_view host) {
    const bool has = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    return has ? host.substr(1, host.size() - 2) : host;
}

bool host_is_ours(std::string_view authority, const Client& client, const GuardConfig& config) {
    if (!is_authority(authority)) return false;
    const std::string host = lower_case(host_of(authority));
    const auto ip = ip_literal(host);
    if (ip && ip->disguised) return false;
    if (host == "localhost" || (ip && (ip->loopback || ip->text == client.local))) return true;
    if (!ip && host.starts_with('[')) return false;
    return std::ranges::any_of(config.hosts, [&](const std::string& name) {
        return without_brackets(lower_case(name)) == without_brackets(host);
    });
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

/// The origin of a page's address; nothing of what is no web page's.
std::optional<Origin> origin_of(std::string_view url) {
    const std::size_t authority = url.find("://");
    if (authority == std::string_view::npos) return std::nullopt;
    return split_origin(url.substr(0, url.find_first_of("/?#", authority + 3)));
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

/// Whether the page that led here may: there is none, or it is one whose Origin would be let in.
bool referer_is_ours(const RequestHead& head, const Client& client, const GuardConfig& config) {
    const auto& referer = head.headers.referer;
    if (!referer || referer->empty()) return true;
    const std::string url = lower_case(*referer);
    const auto origin = origin_of(url);
    if (!origin) return false;
    const std::string text = std::string{origin->scheme}.append("://").append(origin->authority);
    return is_named_origin(text, config) ||
           is_own_origin(*origin, lower_case(head.headers.host), client.secure);
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

std::optional<std::string> flaw_of_host(std::string_view text) {
    const std::string host = lower_case(text);
    const bool v6 = host.find(':') != std::string::npos;
    if (const auto ip = ip_literal(v6 && !host.starts_with('[') ? "[" + host + "]" : host)) {
        if (!ip->disguised) return std::nullopt;
        return "leads to whatever this machine is, so that any web page could use it: name the "
               "address at which the node is reached";
    }
    if (v6)
        return "is neither a name nor an address: leave the port out, and spell an IPv6 address "
               "in its shortest form";
    const bool name = std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
    if (!name || host.empty() || host.front() == '.' || host.back() == '.')
        return "is no host name: letters, digits, hyphens and dots between them";
    // Browsers read such a name as a number, whatever its dots: 127.1, 2130706433, 0x7f.1.
    const std::string_view last = std::string_view{host}.substr(host.rfind('.') + 1);
    if (last.find_first_not_of("0123456789") == std::string_view::npos || last.starts_with("0x"))
        return "is an address in an unusual spelling: write it as four numbers with dots";
    return std::nullopt;
}

GuardVerdict guard(const RequestHead& head, const Client& client, const GuardConfig& config,
                   const GuardRoute& route) {
    const auto& origin = head.headers.origin;
    if (route.peer_socket) {
        // Only browsers send Origin, and no peer is one.
        if (origin) return refuse(403, "The peers' socket takes no request of a web page.");
        return {};
    }
    if (!host_is_ours(head.headers.host, client, config))
        return refuse(421,
                      "This node does not answer to that Host: use localhost, the address it is "
                      "reached at, or a name or address given with --host.");
    GuardVerdict verdict;
    if (!config.cors_origins.empty() || config.dev) verdict.headers.push_back({"Vary", "Origin"});
    if (!origin) {
        if (route.changes && !browser_means_well(head.headers, config.dev))
            return refuse(403, "A page of another site may not do this.");
        if (route.changes && !referer_is_ours(head, client, config))
            return refuse(403, "A page of another site (Referer) may not do this.");
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
