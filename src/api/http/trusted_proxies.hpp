#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/request.hpp"
#include "core/base/result.hpp"

namespace cairn::http {

/// An address, IPv4 as ::ffff:a.b.c.d, so that the two spellings of one are equal.
using IpBytes = std::array<std::uint8_t, 16>;

/// Which machines are believed when they say for whom they ask (`--trusted-proxy`).
///
/// Every proxy appends the address that it was called from to `X-Forwarded-For`, and whatever
/// stands before may be made up by the client. So the list is read from its right end, beginning
/// with the socket's own address, for as long as the one who vouches is trusted: the first that is
/// not is the client. An entry that is no address ends the walk, and so does the end of the list;
/// the client is then somebody unknown behind the last that was trusted.
class TrustedProxies {
public:
    /// Reads "10.0.0.0/8", "192.0.2.7", "fd00::/8". Error: a sentence.
    [[nodiscard]] static Result<TrustedProxies, std::string> of(
        const std::vector<std::string>& texts);

    /// The client of a request: the socket's own unless that is a trusted proxy. Through one, TLS
    /// is what it says in `X-Forwarded-Proto` (of several values the last: the nearest proxy's).
    [[nodiscard]] Client client_of(const Client& socket, const Headers& headers) const;
    [[nodiscard]] bool contains(std::string_view address) const;

private:
    struct Network {
        IpBytes first{};
        unsigned bits = 128;
    };
    [[nodiscard]] bool contains(const IpBytes& address) const;

    std::vector<Network> networks_;
};

/// "192.0.2.1", "2001:db8::1", either with brackets, quotes or a port as proxies write them.
[[nodiscard]] std::optional<IpBytes> parse_forwarded(std::string_view text);

}  // namespace cairn::http
