#pragma once

#include <cstdint>
#include <string>

#include "core/base/bytes.hpp"
#include "net/actions.hpp"

namespace cairn::sim {

using HostId = std::size_t;
/// Of both ends; rising, never given twice in a world.
using ConnectionId = net::PeerId;

/// Who can be reached over the simulated network: a node, or somebody who plays one.
class Host {
public:
    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
    virtual ~Host() = default;

    /// What it says of itself in a handshake; the network fills in who dialled whom.
    [[nodiscard]] virtual net::Hello hello() const = 0;
    /// Whether its machine has power.
    [[nodiscard]] virtual bool is_on() const = 0;
    /// Another number for every process that runs there; 0: none does.
    [[nodiscard]] virtual std::uint64_t process() const = 0;
    /// Whether something takes connections there.
    [[nodiscard]] virtual bool listens() const = 0;
    /// Whether it reads from that connection now; if not, it says `Network::resume` later.
    [[nodiscard]] virtual bool reads(ConnectionId connection) const = 0;

    virtual void on_open(ConnectionId connection, const net::Hello& other) = 0;
    virtual void on_dial_failed(const net::NodeAddress& to, const std::string& why,
                                net::DialFault fault) = 0;
    virtual void on_frame(ConnectionId connection, const SharedBytes& frame) = 0;
    /// The other side, or the network, ended it.
    virtual void on_close(ConnectionId connection, const std::string& why) = 0;
    /// The other side took something of what was sent.
    virtual void on_drained(ConnectionId connection) = 0;
};

}  // namespace cairn::sim
