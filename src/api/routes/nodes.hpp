#pragma once

#include "api/route.hpp"

/// Other nodes: registered, connected, forgotten.
namespace cairn::routes {

void register_nodes(Services& services, http::Request request, std::stop_token stop,
                    http::Responder responder);
void list_nodes(Services& services, http::Request request, std::stop_token stop,
                http::Responder responder);
void remove_node(Services& services, http::Request request, std::stop_token stop,
                 http::Responder responder);

/// 503 of a question to the nodes that has no answer; `ask`: where a client learns what became of
/// it, if something may have been done.
[[nodiscard]] http::Problem nodes_problem(const NodesFailure& failure, std::string_view ask = {});

}  // namespace cairn::routes
