#pragma once

#include <memory>
#include <string>
#include <utility>

#include "net/actions.hpp"
#include "net/protocol/codec.hpp"

namespace cairn::net {

inline void send(Actions& out, PeerId to, const Message& message) {
    out.push_back(Send{to, std::make_shared<const Bytes>(encode(message))});
}

inline void close(Actions& out, PeerId peer, std::string why) {
    out.push_back(Close{peer, std::move(why)});
}

}  // namespace cairn::net
