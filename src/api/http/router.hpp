#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/problem.hpp"
#include "api/http/request.hpp"
#include "core/base/result.hpp"
#include "wallet/user_name.hpp"

namespace cairn::http {

struct RouteLimits {
    std::size_t body = 256 * 1024;               // bytes, 413 above
    std::size_t memory_per_byte = 1;             // what a byte of body costs until it is answered
    std::chrono::milliseconds deadline{30'000};  // then the stop token fires
};

/// What the description of the interface says of a route.
struct RouteDoc {
    std::string_view summary = {};
    std::string_view query = {};   // "from, limit"
    std::string_view body = {};    // an example, JSON
    std::string_view answer = {};  // an example, JSON
};

/// A row of the table, without what it runs. A pattern's segment in braces is a parameter.
struct RouteSpec {
    Method method = Method::get;
    std::string_view pattern;  // "/blocks/{id}"; of static duration
    Role who = Role::anyone;   // each may do what those before it may
    bool changes = false;      // changes or fetches anything: no HEAD, no cross-site browser
    bool peer_socket = false;  // a WebSocket that the handler takes over
    RouteLimits limits = {};
    RouteDoc doc = {};
    bool vital = false;  // answered even when places are left for known callers only
};

/// A row with what it runs.
template <class Run>
struct Route {
    RouteSpec spec;
    Run run;
};

/// A route that was found.
struct Match {
    const RouteSpec* spec = nullptr;           // of OPTIONS: any route of that path
    std::size_t route = 0;                     // index in the table
    std::vector<std::string> parameters = {};  // values of the pattern's names, in its order
    std::string_view allow = {};               // "GET, HEAD, OPTIONS"
};

/// Finds routes by method and path. A literal segment goes before a parameter, from left to right;
/// HEAD is served by the GET of routes that change nothing, OPTIONS by every path.
class Router {
public:
    explicit Router(std::vector<RouteSpec> table);

    /// Of "/" or of a table's rows, keep the specs only.
    template <class Run>
    static Router of(std::span<const Route<Run>> routes) {
        std::vector<RouteSpec> table;
        for (const auto& route : routes) table.push_back(route.spec);
        return Router{std::move(table)};
    }

    /// Errors: 404, and 405 with `allow`.
    [[nodiscard]] Result<Match, Problem> find(const RequestHead& head) const;

private:
    /// All routes of one path.
    struct Path {
        std::vector<std::string_view> segments;
        std::vector<std::size_t> routes;
        std::string allow;
    };

    std::vector<RouteSpec> table_;
    std::vector<Path> paths_;  // the more literal first
};

}  // namespace cairn::http
