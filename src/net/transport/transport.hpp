#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "core/base/memory_budget.hpp"
#include "core/base/step_times.hpp"
#include "core/primitives/time.hpp"
#include "net/actions.hpp"
#include "net/protocol/handshake.hpp"
#include "node/view.hpp"

/// The sockets of the peers: one thread, one loop. It shakes hands, decodes, serves what can be
/// read from a view, and keeps every peer within its bounds. What nodes are to each other is
/// decided elsewhere (net/peers.hpp). Source: docs/peers.md.
namespace cairn::net {

struct PeerOpened {
    PeerId peer = 0;
    Hello hello;
};
struct PeerClosed {
    PeerId peer = 0;
    std::string why;
    bool ban = false;  // it broke the protocol
};
struct DialFailed {
    NodeAddress to;
    std::string why;
    DialFault fault = DialFault::unreachable;
};
struct PeerSaid {
    PeerId peer = 0;
    Message message;
};
/// What happens at the sockets. Of each peer: opened, then what it says, then closed.
using PeerEvent = std::variant<PeerOpened, PeerClosed, DialFailed, PeerSaid>;

/// What the transport needs from outside; called on its thread, must not block.
struct TransportPorts {
    /// Hands an event to the node. `taken` is called once, from any thread: true when the node has
    /// seen the event, false when it was lost, for which the connection is closed. False: the event
    /// is gone, and `taken` is not called.
    std::function<bool(PeerEvent event, std::function<void(bool seen)> taken)> post;
    std::function<ViewPtr()> view;
    std::function<Tick()> now;
    std::function<void(std::span<std::uint8_t>)> fill_random;
    HandshakeSigner sign;
    /// Whether more than enough waits to be checked: then nothing is read. None: never.
    std::function<bool()> busy = {};
    /// For the log: a connection that never became a peer, from where and why.
    std::function<void(const std::string& from, const std::string& why)> turned_away;
};

struct TransportOptions {
    NodeKey key;
    std::uint16_t listens_on = 0;  // 0: nobody can dial us
    /// Of what waits to be sent to peers and of what they sent and the node has not seen yet; where
    /// it is used up whoever has most of it goes. Null: each peer's own bounds hold alone.
    std::shared_ptr<MemoryBudget> memory = {};
    /// Where the times of the loop's events are added; null: they are not measured.
    std::shared_ptr<StepTimes> steps = {};
    std::string agent;            // printable ASCII, at most kAgentMax
    Tick dial_within = 10'000;    // ms, from the name to the end of the handshake
    Tick silent_within = 90'000;  // ms without a byte, though we listen
    Tick stuck_within = 60'000;   // ms without a byte taken of what waits
    Tick close_within = 1'000;    // ms for the other side to answer a Close
    Tick tick = 100;              // ms, how often these are looked at
};

/// A connection that the HTTP engine took the upgrade request of.
struct InboundSocket {
    int descriptor = -1;    // becomes the transport's
    std::string read;       // what came after the request's head
    std::string host;       // fields of the request
    std::string key;        // Sec-WebSocket-Key
    std::string version;    // Sec-WebSocket-Version
    std::string protocols;  // Sec-WebSocket-Protocol, as it stands
};

/// Bytes on the wire of one peer.
struct PeerTraffic {
    std::uint64_t in = 0;
    std::uint64_t out = 0;
};

/// All functions may be called from any thread.
class Transport {
public:
    Transport(TransportOptions options, TransportPorts ports);
    ~Transport();

    void adopt(InboundSocket socket);
    /// Carries out Send, Close, Favour and Dial in their order; gives back all other actions.
    [[nodiscard]] Actions carry_out(Actions actions);
    [[nodiscard]] std::optional<PeerTraffic> stats(PeerId peer) const;
    /// Closes every connection and forgets every dial.
    void close_all(std::string why);
    /// Says good-bye to all within `close_within` and ends the thread. No event is posted after.
    void stop();

private:
    class Engine;
    std::shared_ptr<Engine> engine_;
};

}  // namespace cairn::net
