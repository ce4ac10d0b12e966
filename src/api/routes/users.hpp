#pragma once

#include "api/route.hpp"

/// Who may use this node.
namespace cairn::routes {

void list_users(Services& services, http::Request request, std::stop_token stop,
                http::Responder responder);
void create_user(Services& services, http::Request request, std::stop_token stop,
                 http::Responder responder);
void remove_user(Services& services, http::Request request, std::stop_token stop,
                 http::Responder responder);
void who_am_i(Services& services, http::Request request, std::stop_token stop,
              http::Responder responder);

}  // namespace cairn::routes
