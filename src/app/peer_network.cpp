#include "app/peer_network.hpp"

#include <optional>
#include <thread>
#include <utility>

#include "api/http/tcp.hpp"
#include "app/clock.hpp"
#include "app/log.hpp"
#include "core/primitives/address.hpp"
#include "node/commands.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

/// What an event means to the node.
struct Tell {
    Node& node;
    Now now;
    void operator()(const net::PeerOpened& event) const {
        node.on_open(event.peer, event.hello, now);
    }
    void operator()(const net::PeerClosed& event) const {
        node.on_close(event.peer, event.why, now, event.ban);
    }
    void operator()(const net::DialFailed& event) const {
        node.on_dial_failed(event.to, event.why, now, event.fault);
    }
    void operator()(const net::PeerSaid& event) const {
        node.on_message(event.peer, event.message, now);
    }
};

}  // namespace

PeerNetwork::PeerNetwork(std::shared_ptr<const ChainParams> chain,
                         std::shared_ptr<const UnlockedKey> key, std::uint16_t listens_on,
                         std::string agent, LimitLog& limits, Memory memory,
                         std::shared_ptr<StepTimes> steps)
    : attached_{attach_.get_future().share()},
      comings_{"peer connected", limits},
      known_{memory.known / 2},
      checks_{std::move(chain), known_,
              [this](const net::Checked& checked, CheckPool::Held held) {
                  return gate().post(
                      Lane::peers,
                      make_command(
                          [checked, held = std::move(held)](Node& node, Now now) {
                              node.on_checked(checked, now);
                              return 0;
                          },
                          [](std::optional<int>, const Result<ViewPtr, StoreError>&) {}));
              },
              std::thread::hardware_concurrency(), memory.checks} {
    net::TransportOptions options;
    options.key = key->address();
    options.listens_on = listens_on;
    options.agent = std::move(agent);
    options.memory = std::move(memory.sockets);
    options.steps = std::move(steps);
    net::TransportPorts ports;
    ports.busy = [this] { return checks_.is_behind(); };
    ports.post = [this](net::PeerEvent event, auto taken) {
        return post(std::move(event), std::move(taken));
    };
    ports.view = [this] { return gate().view(); };
    ports.now = [] { return read_clocks().steady; };
    ports.fill_random = [](std::span<std::uint8_t> out) { fill_random(out); };
    ports.sign = [key = std::move(key)](ByteView message) { return key->sign(message); };
    ports.turned_away = [](const std::string& from, const std::string& why) {
        log::debug("connection refused", {{"address", from}, {"reason", why}});
    };
    transport_ = std::make_unique<net::Transport>(std::move(options), std::move(ports));
}

PeerNetwork::~PeerNetwork() {
    stop_peers();
    stop_checks();
}

void PeerNetwork::attach(Gate& gate) { attach_.set_value(&gate); }

bool PeerNetwork::post(net::PeerEvent event, std::function<void(bool)> taken) {
    auto held = std::make_shared<const net::PeerEvent>(std::move(event));
    const bool posted = gate().post(
        Lane::peers, make_command(
                         [held](Node& node, Now now) {
                             std::visit(Tell{node, now}, *held);
                             return 0;
                         },
                         [taken = std::move(taken)](std::optional<int> ran,
                                                    const Result<ViewPtr, StoreError>& outcome) {
                             taken(ran.has_value() && outcome.has_value());
                         }));
    if (posted) note(*held);
    return posted;
}

void PeerNetwork::note(const net::PeerEvent& event) {
    if (const auto* opened = std::get_if<net::PeerOpened>(&event)) {
        if (!comings_.take(read_clocks().steady)) return;
        log::info("peer connected", {{"peer", opened->peer},
                                     {"address", opened->hello.address.to_string()},
                                     {"key", to_hex(opened->hello.key.bytes)},
                                     {"outbound", opened->hello.outbound ? "yes" : "no"},
                                     {"agent", opened->hello.agent},
                                     {"index", opened->hello.height}});
        const std::lock_guard lock{told_mutex_};
        told_.insert(opened->peer);
    } else if (const auto* closed = std::get_if<net::PeerClosed>(&event)) {
        {
            const std::lock_guard lock{told_mutex_};
            if (told_.erase(closed->peer) == 0) return;
        }
        log::info("peer closed", {{"peer", closed->peer}, {"reason", closed->why}});
    } else if (const auto* failed = std::get_if<net::DialFailed>(&event)) {
        log::debug("dial failed", {{"address", failed->to.to_string()}, {"reason", failed->why}});
    }
}

net::Actions PeerNetwork::on_committed(const Committed& committed) {
    attached_.wait();
    for (const TransferPtr& transfer : committed.admitted) known_.add(transfer);
    net::Actions rest;
    for (net::Action& action : transport_->carry_out(committed.actions)) {
        if (auto* check = std::get_if<net::Check>(&action))
            checks_.add(std::move(*check));
        else
            rest.push_back(std::move(action));
    }
    return rest;
}

void PeerNetwork::on_trouble() { transport_->close_all("this node had to open its store anew"); }

void PeerNetwork::take(const http::Request& request, std::unique_ptr<http::TakenSocket> socket) {
    auto* tcp = dynamic_cast<http::TakenTcp*>(socket.get());
    if (tcp == nullptr) return;
    boost::system::error_code ec;
    const int descriptor = tcp->socket.release(ec);
    if (ec) return;
    const auto& headers = request.head.headers;
    transport_->adopt({.descriptor = descriptor,
                       .read = socket->read.substr(socket->read.find("\r\n\r\n") + 4),
                       .host = headers.host,
                       .key = headers.sec_websocket_key.value_or(""),
                       .version = headers.sec_websocket_version.value_or(""),
                       .protocols = headers.sec_websocket_protocol.value_or("")});
}

void PeerNetwork::stop_peers() { transport_->stop(); }
void PeerNetwork::stop_checks() { checks_.stop(); }

}  // namespace cairn
