#include "sim/network.hpp"

#include <algorithm>

#include "core/base/ensure.hpp"
#include "net/limits.hpp"

namespace cairn::sim {
namespace {

constexpr Micros kDialWithin = 10 * kSecond;

}  // namespace

HostId Network::add(Host& host, const net::NodeAddress& address) {
    hosts_.push_back(&host);
    addresses_.push_back(address);
    by_address_.emplace(address, hosts_.size() - 1);
    return hosts_.size() - 1;
}

const net::NodeAddress& Network::address(HostId host) const { return addresses_.at(host); }

void Network::set_link(HostId a, HostId b, Link link) { links_[std::minmax(a, b)] = link; }

void Network::set_all_links(Link link) {
    usual_ = link;
    links_.clear();
}

const Link& Network::link(HostId a, HostId b) const {
    const auto own = links_.find(std::minmax(a, b));
    return own == links_.end() ? usual_ : own->second;
}

Micros Network::one_way(HostId a, HostId b) {
    const Link& way = link(a, b);
    return way.delay + random_.below(way.jitter + 1);
}

std::size_t Network::side_of(const Ends& ends, HostId host) { return ends[0].host == host ? 0 : 1; }

bool Network::reaches(HostId a, HostId b) const {
    const auto group = [this](HostId host) { return host < groups_.size() ? groups_[host] : 0U; };
    return group(a) == group(b);
}

void Network::fail_dial(HostId from, const net::NodeAddress& to, const std::string& why,
                        Micros after, net::DialFault fault) {
    scheduler_.after(after, [this, from, process = hosts_[from]->process(), to, why, fault] {
        if (hosts_[from]->process() != process) return;
        trace_.add(scheduler_.now(), Trace::Event::dial_failed, 0, from, as_bytes(why));
        hosts_[from]->on_dial_failed(to, why, fault);
    });
}

void Network::dial(HostId from, const net::NodeAddress& to) {
    const auto found = by_address_.find(to);
    if (found == by_address_.end()) {
        fail_dial(from, to, "nobody listens there", kSecond);
    } else if (found->second == from) {
        fail_dial(from, to, "that is this node itself", kMillisecond, net::DialFault::itself);
    } else if (!reaches(from, found->second) || !hosts_[found->second]->is_on()) {
        fail_dial(from, to, "it did not answer within 10 s", kDialWithin);
    } else {
        // TCP, the upgrade to a WebSocket, and the two signatures.
        Micros takes = 0;
        for (int i = 0; i < 5; ++i) takes += one_way(from, found->second);
        scheduler_.after(
            takes, [this, from, process = hosts_[from]->process(), other = found->second, to] {
                if (hosts_[from]->process() == process) finish_dial(from, other, to);
            });
    }
}

void Network::finish_dial(HostId from, HostId to, const net::NodeAddress& address) {
    if (!reaches(from, to) || !hosts_[to]->is_on())
        return fail_dial(from, address, "it did not answer within 10 s", kDialWithin);
    if (!hosts_[to]->listens()) return fail_dial(from, address, "nobody listens there", 0);
    const ConnectionId id = next_++;
    Ends& ends = connections_[id];
    const Micros heard = scheduler_.now() + one_way(from, to);
    ends[0].host = from;
    ends[1].host = to;
    for (End& end : ends) {
        end.open = true;
        end.last_arrival = heard;
    }
    net::Hello dialler = hosts_[from]->hello();
    dialler.outbound = false;
    dialler.address = {addresses_[from].host, next_port_++};
    if (next_port_ == 0) next_port_ = 40'000;
    net::Hello listener = hosts_[to]->hello();
    listener.outbound = true;
    listener.address = address;
    trace_.add(scheduler_.now(), Trace::Event::open, id, to, {});
    hosts_[to]->on_open(id, dialler);
    scheduler_.at(heard, [this, id, from, listener] {
        const auto known = connections_.find(id);
        if (known != connections_.end() && known->second[0].open)
            hosts_[from]->on_open(id, listener);
    });
}

bool Network::send(ConnectionId connection, HostId from, SharedBytes frame) {
    const auto known = connections_.find(connection);
    if (known == connections_.end()) return false;
    const auto side = side_of(known->second, from);
    End& end = known->second[side];
    if (!end.open) return false;
    if (end.queued + frame->size() > net::limits::kSendQueueBytes) {
        lose(connection, side, "it reads too slowly", 0);
        lose(connection, 1 - side, "the connection was reset",
             one_way(from, known->second[1 - side].host));
        return false;
    }
    enqueue(connection, side, std::move(frame));
    return true;
}

void Network::enqueue(ConnectionId connection, std::size_t side, SharedBytes frame) {
    Ends& ends = connections_.at(connection);
    End& end = ends[side];
    const std::size_t size = frame ? frame->size() : 0;
    const HostId to = ends[1 - side].host;
    end.wire_free = std::max(end.wire_free, scheduler_.now()) +
                    size * kMillisecond / link(end.host, to).bytes_per_ms;
    end.last_arrival = std::max(end.last_arrival, end.wire_free + one_way(end.host, to));
    end.queued += size;
    end.sent.push_back({end.last_arrival, std::move(frame)});
    scheduler_.at(end.last_arrival, [this, connection, side] { pump(connection, side); });
}

void Network::close(ConnectionId connection, HostId from) {
    const auto known = connections_.find(connection);
    if (known == connections_.end()) return;
    const auto side = side_of(known->second, from);
    End& end = known->second[side];
    if (!end.open) return;
    end.open = false;
    enqueue(connection, side, nullptr);
    forget_if_over(connection);
}

void Network::resume(ConnectionId connection, HostId host) {
    const auto known = connections_.find(connection);
    if (known == connections_.end()) return;
    pump(connection, 1 - side_of(known->second, host));
}

std::size_t Network::queued(ConnectionId connection, HostId from) const {
    const auto known = connections_.find(connection);
    if (known == connections_.end()) return 0;
    return known->second[side_of(known->second, from)].queued;
}

void Network::pump(ConnectionId connection, std::size_t sender) {
    for (;;) {
        const auto known = connections_.find(connection);
        if (known == connections_.end()) return;
        End& from = known->second[sender];
        End& to = known->second[1 - sender];
        if (from.sent.empty() || from.sent.front().arrival > scheduler_.now()) return;
        if (!reaches(from.host, to.host)) return;  // it waits for the heal
        Host& receiver = *hosts_[to.host];
        const bool is_end = from.sent.front().bytes == nullptr;
        if (to.open && !is_end && !receiver.reads(connection)) return;
        const Frame frame = std::move(from.sent.front());
        from.sent.pop_front();
        if (!to.open) {
            // Who listens no more on that connection says so; a machine without power does not.
            if (from.open && receiver.is_on())
                lose(connection, sender, "the connection was reset", one_way(to.host, from.host));
            if (frame.bytes) from.queued -= frame.bytes->size();
        } else if (is_end) {
            to.open = false;
            trace_.add(scheduler_.now(), Trace::Event::close, connection, to.host, {});
            receiver.on_close(connection, "the other side closed it");
        } else {
            from.queued -= frame.bytes->size();
            ++frames_;
            bytes_ += frame.bytes->size();
            trace_.add(scheduler_.now(), Trace::Event::frame, connection, to.host, *frame.bytes);
            const HostId other = from.host;
            receiver.on_frame(connection, frame.bytes);
            hosts_[other]->on_drained(connection);
        }
        forget_if_over(connection);
    }
}

void Network::lose(ConnectionId connection, std::size_t side, const std::string& why,
                   Micros after) {
    scheduler_.after(after, [this, connection, side, why] {
        const auto known = connections_.find(connection);
        if (known == connections_.end()) return;
        End& end = known->second[side];
        end.sent.clear();
        end.queued = 0;
        if (end.open) {
            end.open = false;
            trace_.add(scheduler_.now(), Trace::Event::close, connection, end.host, {});
            hosts_[end.host]->on_close(connection, why);
        }
        forget_if_over(connection);
    });
}

void Network::forget_if_over(ConnectionId connection) {
    const auto known = connections_.find(connection);
    if (known == connections_.end()) return;
    for (const End& end : known->second)
        if (end.open || !end.sent.empty()) return;
    connections_.erase(known);
}

void Network::drop_all(HostId host) {
    for (auto& [id, ends] : connections_) {
        End& end = ends[side_of(ends, host)];
        if (end.host != host || !end.open) continue;
        end.open = false;
        enqueue(id, side_of(ends, host), nullptr);
    }
}

void Network::vanish(HostId host) {
    for (auto& [id, ends] : connections_) {
        End& end = ends[side_of(ends, host)];
        if (end.host != host) continue;
        end.open = false;
        end.sent.clear();
        end.queued = 0;
    }
    std::erase_if(connections_, [](const auto& entry) {
        const auto& ends = entry.second;
        return !ends[0].open && !ends[1].open && ends[0].sent.empty() && ends[1].sent.empty();
    });
}

void Network::break_any() {
    if (connections_.empty()) return;
    auto chosen = std::next(connections_.begin(),
                            static_cast<std::ptrdiff_t>(random_.below(connections_.size())));
    for (const std::size_t side : {0U, 1U})
        lose(chosen->first, side, "the connection was lost", random_.below(kSecond));
}

void Network::cut(std::vector<unsigned> groups, Cut how) {
    groups_ = std::move(groups);
    if (how == Cut::stalls) return;
    for (const auto& [id, ends] : connections_) {
        if (reaches(ends[0].host, ends[1].host)) continue;
        for (const std::size_t side : {0U, 1U})
            lose(id, side, "the connection was lost", random_.below(kSecond));
    }
}

void Network::heal() {
    groups_.clear();
    for (const auto& entry : connections_)
        for (const std::size_t side : {0U, 1U})
            scheduler_.after(random_.below(kSecond),
                             [this, id = entry.first, side] { pump(id, side); });
}

std::size_t Network::connections() const {
    return static_cast<std::size_t>(std::count_if(
        connections_.begin(), connections_.end(),
        [](const auto& entry) { return entry.second[0].open && entry.second[1].open; }));
}

bool Network::are_connected(HostId a, HostId b) const {
    return std::any_of(connections_.begin(), connections_.end(), [&](const auto& entry) {
        const Ends& ends = entry.second;
        return ends[0].open && ends[1].open &&
               std::minmax(ends[0].host, ends[1].host) == std::minmax(a, b);
    });
}

bool Network::is_quiet() const {
    return std::all_of(connections_.begin(), connections_.end(), [](const auto& entry) {
        return entry.second[0].sent.empty() && entry.second[1].sent.empty();
    });
}

}  // namespace cairn::sim
