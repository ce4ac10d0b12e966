#pragma once

#include <string_view>

#include "api/http/problem.hpp"

namespace cairn::http {

/// Limits that strangers reach, as they are named to whoever keeps the log.
inline constexpr std::string_view kNoMemory = "memory for requests and answers";
inline constexpr std::string_view kNoPlace = "connections in all";
inline constexpr std::string_view kNoPlaceForAddress = "connections of one address";
inline constexpr std::string_view kNoDescriptor = "open files of the process";

/// 503: what it would take is held by requests and answers of others.
[[nodiscard]] inline Problem no_memory_problem() {
    return {.status = 503,
            .detail =
                "The node has no memory left for this (--memory-mib): too many requests and "
                "answers are under way. Nothing was changed; try again in a second.",
            .retry_after = 1};
}
/// 503: all connections are taken.
[[nodiscard]] inline Problem no_place_problem() {
    return {.status = 503,
            .detail =
                "The node has as many connections as it takes; the last places are kept for "
                "other nodes and for who shows a token. Try again in a second.",
            .retry_after = 1};
}
[[nodiscard]] inline Problem no_place_for_address_problem() {
    return {.status = 503,
            .detail =
                "The node has as many connections from this address as it takes. Close some "
                "of them, or try again in a second.",
            .retry_after = 1};
}

}  // namespace cairn::http
