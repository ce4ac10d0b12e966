#pragma once

#include <cstdint>

namespace cairn::net {

/// The first byte of every frame (docs/peers.md, Messages).
enum class FrameType : std::uint8_t {
    version = 1,
    verack = 2,
    ping = 3,
    pong = 4,
    getheaders = 5,
    headers = 6,
    inv = 7,
    getdata = 8,
    notfound = 9,
    tx = 10,
    block = 11,
    mempool = 12,
    getaddr = 13,
    addr = 14,
    poolinv = 15,
};

}  // namespace cairn::net
