#pragma once

#include <array>
#include <deque>
#include <map>
#include <vector>

#include "sim/host.hpp"
#include "sim/random.hpp"
#include "sim/scheduler.hpp"
#include "sim/trace.hpp"

namespace cairn::sim {

/// The way between two hosts, the same in both directions.
struct Link {
    Micros delay = 10 * kMillisecond;    // one way
    Micros jitter = 10 * kMillisecond;   // at most this much on top, anew for each frame
    std::uint64_t bytes_per_ms = 1'250;  // 10 Mbit/s
};

/// Connections in memory that behave like TCP's: a connection loses nothing and keeps its order,
/// until it breaks; what is lost then is everything on its way, and the two ends may learn of it at
/// different times or (a machine without power, a cut) not at all.
///
/// The handshake is not played: both ends get the other's claims, after the time it would take.
class Network {
public:
    /// How a cut looks to who is connected across it: the connections end at once, or they stall,
    /// and go on if nobody has given them up by the time it heals.
    enum class Cut : std::uint8_t { resets, stalls };

    Network(Scheduler& scheduler, Random random, Trace& trace)
        : scheduler_{scheduler}, random_{random}, trace_{trace} {}

    /// `host` outlives the network.
    HostId add(Host& host, const net::NodeAddress& address);
    [[nodiscard]] const net::NodeAddress& address(HostId host) const;
    void set_link(HostId a, HostId b, Link link);
    void set_all_links(Link link);

    /// Ends in `on_open` or `on_dial_failed`.
    void dial(HostId from, const net::NodeAddress& to);
    /// False: the connection is no longer open at this end, or its queue is full and it was
    /// dropped.
    bool send(ConnectionId connection, HostId from, SharedBytes frame);
    /// Ends a connection at this end; the other learns of it once it has read what was sent before.
    void close(ConnectionId connection, HostId from);
    /// The host reads again.
    void resume(ConnectionId connection, HostId host);
    /// Bytes that this end has sent and the other has not taken.
    [[nodiscard]] std::size_t queued(ConnectionId connection, HostId from) const;

    /// The process at this host is gone and its machine says so to all it was connected with.
    void drop_all(HostId host);
    /// The machine is gone and says nothing: the other ends stay open until they notice.
    void vanish(HostId host);
    /// Breaks one connection between two hosts, if there is any.
    void break_any();
    /// Hosts of different groups do not reach each other from now on; `groups` by HostId.
    void cut(std::vector<unsigned> groups, Cut how);
    void heal();
    [[nodiscard]] bool reaches(HostId a, HostId b) const;

    [[nodiscard]] std::uint64_t frames() const { return frames_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    [[nodiscard]] std::size_t connections() const;
    /// Both ends of some connection between the two are open.
    [[nodiscard]] bool are_connected(HostId a, HostId b) const;
    /// Frames on their way.
    [[nodiscard]] bool is_quiet() const;

private:
    struct Frame {
        Micros arrival = 0;
        SharedBytes bytes;  // null: the end
    };
    struct End {
        HostId host = 0;
        bool open = false;
        // What this end has sent.
        std::deque<Frame> sent;
        std::size_t queued = 0;
        Micros wire_free = 0;
        Micros last_arrival = 0;
    };
    using Ends = std::array<End, 2>;

    [[nodiscard]] static std::size_t side_of(const Ends& ends, HostId host);
    [[nodiscard]] const Link& link(HostId a, HostId b) const;
    [[nodiscard]] Micros one_way(HostId a, HostId b);
    void enqueue(ConnectionId connection, std::size_t side, SharedBytes frame);
    void pump(ConnectionId connection, std::size_t sender);
    void finish_dial(HostId from, HostId to, const net::NodeAddress& address);
    void fail_dial(HostId from, const net::NodeAddress& to, const std::string& why, Micros after,
                   net::DialFault fault = net::DialFault::unreachable);
    void lose(ConnectionId connection, std::size_t side, const std::string& why, Micros after);
    void forget_if_over(ConnectionId connection);

    Scheduler& scheduler_;
    Random random_;
    Trace& trace_;
    std::vector<Host*> hosts_;
    std::vector<net::NodeAddress> addresses_;
    std::map<net::NodeAddress, HostId> by_address_;
    Link usual_;
    std::map<std::pair<HostId, HostId>, Link> links_;
    std::vector<unsigned> groups_;  // empty: nothing is cut
    std::map<ConnectionId, Ends> connections_;
    ConnectionId next_ = 1;
    std::uint16_t next_port_ = 40'000;
    std::uint64_t frames_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace cairn::sim
