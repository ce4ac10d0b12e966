#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace cairn::cli {

inline constexpr std::string_view kDefaultNode = "http://127.0.0.1:5000";

/// Where a node is called.
struct NodeUrl {
    std::string text;  // "http://127.0.0.1:5000": scheme, host in small letters, port; no slash
    bool loopback = false;  // surely this machine: an address of it, or `localhost`
    std::string host = {};  // without brackets
    std::uint16_t port = 0;

    friend bool operator==(const NodeUrl&, const NodeUrl&) = default;
};

/// Reads "127.0.0.1:5001", "localhost", "::1", "[::1]:5001", "http://host:5001/", "https://host".
/// Without a scheme it is http, and the port 5000 unless told; with one, the scheme's own port.
/// Error: one sentence that says what was expected.
[[nodiscard]] Result<NodeUrl, std::string> parse_node_url(std::string_view text);

/// One segment of a path, or a value of a query: all but letters, digits and `-._~` as %XX.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace cairn::cli
