#include "net/transport/transport.hpp"

#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "net/limits.hpp"
#include "net/protocol/subprotocol.hpp"
#include "net/serve/cost.hpp"
#include "net/transport/dialler.hpp"
#include "net/transport/line.hpp"
#include "net/transport/newcomers.hpp"
#include "net/transport/peer.hpp"
#include "os/cpu_time.hpp"

namespace cairn::net {

using boost::asio::ip::tcp;
using boost::system::error_code;
using transport::CloseCode;
using transport::Dialler;
using transport::DialOutcome;
using transport::Line;
using transport::Newcomers;
using transport::Peer;
using transport::Shares;
using transport::TcpLink;
using transport::Traffic;
using transport::Upgrade;
using transport::WebSocket;

namespace {

/// Connections from outside: guests, whom the operator registered, who may become one or the other,
/// and some that have been cut off and are not gone yet.
constexpr std::size_t kInboundSockets =
    limits::kInbound + limits::kRegistered + 2 * limits::kHalfOpen;
constexpr std::size_t kDialsAtOnce = 64;

NodeAddress address_of(const tcp::endpoint& endpoint) {
    const auto address = endpoint.address();
    const auto v6 = address.is_v6() ? address.to_v6()
                                    : boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped,
                                                                       address.to_v4());
    return {ip_to_string(v6.to_bytes()), endpoint.port()};
}

/// Small enough for any socket's buffer.
void turn_away(tcp::socket& socket, std::string_view status, std::string_view text) {
    const std::string answer = "HTTP/1.1 " + std::string{status} +
                               "\r\nContent-Type: text/plain\r\nConnection: close\r\n"
                               "Content-Length: " +
                               std::to_string(text.size() + 1) + "\r\n\r\n" + std::string{text} +
                               "\n";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.write_some(boost::asio::buffer(answer), ignored);
    socket.shutdown(tcp::socket::shutdown_send, ignored);
}

/// A descriptor on its way to the loop; closed if it never gets there.
class Descriptor {
public:
    explicit Descriptor(int value) : value_{value} {}
    Descriptor(Descriptor&& other) noexcept : value_{std::exchange(other.value_, -1)} {}
    Descriptor& operator=(Descriptor&&) = delete;
    ~Descriptor() {
        if (value_ >= 0) ::close(value_);
    }
    [[nodiscard]] int get() const { return value_; }
    [[nodiscard]] int release() { return std::exchange(value_, -1); }

private:
    int value_;
};

}  // namespace

/// All connections, on the loop's thread but for what says otherwise.
class Transport::Engine final : public transport::PeerHost,
                                public std::enable_shared_from_this<Engine> {
public:
    Engine(TransportOptions options, TransportPorts ports)
        : options_{std::move(options)},
          ports_{std::move(ports)},
          guests_{{kAnswersOfGuests, ports_.now()}, {kTalkOfGuests, ports_.now()}},
          named_{{kAnswersOfNamed, ports_.now()}, {kTalkOfNamed, ports_.now()}},
          work_{boost::asio::make_work_guard(context_)},
          line_{std::make_shared<Line>(context_)},
          timer_{context_} {}

    void start() {
        schedule_tick();
        thread_ = std::thread{[this] { run_events(); }};
    }

    void run_events() {
        if (!options_.steps) {
            context_.run();
            return;
        }
        for (std::uint64_t began = thread_cpu_ns(); context_.run_one() > 0;) {
            const std::uint64_t now = thread_cpu_ns();
            options_.steps->add(now - std::exchange(began, now));
        }
    }

    /// Any thread but the loop's.
    void stop() {
        if (!thread_.joinable()) return;
        line_->post([this] {
            stopping_ = true;
            close_all("this node is stopping");
            end_if_empty();
        });
        thread_.join();
        reader_.stop();
        reader_.join();
        line_->cut();
    }

    /// Any thread.
    template <class Task>
    void run(Task task) {
        line_->post(std::move(task));
    }

    void adopt(InboundSocket inbound, Descriptor descriptor) {
        tcp::socket socket{context_};
        if (!take_over(socket, std::move(descriptor))) return;
        error_code ec;
        const auto from = socket.remote_endpoint(ec);
        if (ec) return;
        const NodeAddress address = address_of(from);
        const auto protocol = newest_in(inbound.protocols);
        if (!protocol) {
            const std::string ours = offered_subprotocols();
            turn_away(socket, "400 Bad Request",
                      "Nodes speak one of " + ours + " here (Sec-WebSocket-Protocol).");
            return ports_.turned_away(address.to_string(), "it asked for none of " + ours);
        }
        if (stopping_ || inbound_ >= kInboundSockets) {
            turn_away(socket, "503 Service Unavailable", "This node has no place for more peers.");
            return ports_.turned_away(address.to_string(), "there are too many connections");
        }
        const IpBytes ip = *parse_ip(address.host);
        if (const auto oldest = newcomers_.in_the_way_of(source_of(ip))) {
            newcomers_.remove(*oldest);
            if (const auto held = find(*oldest))
                held->cut("it kept others from shaking hands, who came after it");
        }
        ++inbound_;
        const auto peer = add_peer(false, address, ip, std::move(socket), std::move(inbound.read),
                                   now() + options_.dial_within);
        newcomers_.add(peer->id(), source_of(ip));
        sockets_.at(peer->id())->accept({inbound.host, inbound.key, inbound.version, *protocol});
    }

    void carry_out(Actions& actions) {
        for (Action& action : actions) {
            if (auto* send = std::get_if<Send>(&action)) {
                if (const auto peer = find(send->to)) peer->send(std::move(send->frame));
            } else if (auto* close = std::get_if<Close>(&action)) {
                if (const auto peer = find(close->peer))
                    peer->close(CloseCode::policy, std::move(close->why));
            } else if (auto* favour = std::get_if<Favour>(&action)) {
                if (const auto peer = find(favour->peer)) peer->favour();
            } else if (auto* to = std::get_if<Dial>(&action)) {
                waiting_dials_.push_back(std::move(to->to));
            }
        }
        dial_next();
    }

    void close_all(const std::string& why) {
        waiting_dials_.clear();
        for (const auto& dial : std::map{dials_}) dial.second.dialler->give_up(why);
        for (const auto& [id, peer] : std::map{peers_}) peer->close(CloseCode::going_away, why);
    }

    /// Any thread.
    [[nodiscard]] std::optional<PeerTraffic> stats(PeerId peer) const {
        const std::lock_guard lock{traffic_mutex_};
        const auto found = traffic_.find(peer);
        if (found == traffic_.end()) return std::nullopt;
        return PeerTraffic{found->second->in, found->second->out};
    }

    // For the peers.

    [[nodiscard]] Tick now() const override { return ports_.now(); }
    [[nodiscard]] ViewPtr view() const override { return ports_.view(); }
    [[nodiscard]] const TransportOptions& options() const override { return options_; }
    [[nodiscard]] Shares& shares(bool named) override { return named ? named_ : guests_; }
    void count_held(std::ptrdiff_t change) override {
        held_ += static_cast<std::size_t>(change);
        if (memory_.resize(held_) || relief_due_) return;
        // Not from within a peer that counts.
        relief_due_ = true;
        later([this] { relieve(); });
    }
    [[nodiscard]] bool is_crowded() const override {
        return options_.memory && held_ > options_.memory->limit() / 2;
    }
    void on_settled(Peer& peer) override { newcomers_.remove(peer.id()); }
    void on_ending(Peer& peer) override {
        if (!peer.outbound()) newcomers_.note_ending(peer.id(), source_of(peer.ip()));
    }
    [[nodiscard]] Handshake::Ours introduce() const override {
        const ViewPtr at = view();
        Handshake::Ours ours{.self = {.genesis = at->chain->genesis().hash,
                                      .key = options_.key,
                                      .listens_on = options_.listens_on,
                                      .tip = at->tip.hash,
                                      .height = at->tip.height,
                                      .work = at->tip.work,
                                      .agent = options_.agent},
                             .sign = ports_.sign};
        ports_.fill_random(ours.nonce);
        return ours;
    }
    void later(std::function<void()> task) override {
        boost::asio::post(context_, std::move(task));
    }
    void apart(std::function<Made()> make, std::function<void(Made)> then) override {
        boost::asio::post(reader_, [line = line_, make = std::move(make), then = std::move(then)] {
            line->post([then, made = std::make_shared<Made>(make())] { then(std::move(*made)); });
        });
    }
    [[nodiscard]] bool post(PeerId peer, PeerEvent event) override {
        return ports_.post(std::move(event),
                           [line = line_, weak = weak_from_this(), peer](bool seen) {
                               line->post([weak, peer, seen] {
                                   const auto self = weak.lock();
                                   if (const auto found = self ? self->find(peer) : nullptr)
                                       found->on_seen(seen);
                               });
                           });
    }
    [[nodiscard]] bool is_busy() const override { return ports_.busy && ports_.busy(); }
    void on_gone(Peer& peer, const std::string& why) override {
        const PeerId id = peer.id();
        {
            const std::lock_guard lock{traffic_mutex_};
            traffic_.erase(id);
        }
        if (peer.is_open())
            tell(PeerClosed{id, why, peer.to_ban()});
        else if (peer.outbound())
            tell(DialFailed{peer.address(), why, peer.fault()});
        else
            ports_.turned_away(peer.address().to_string(), why);
        if (!peer.outbound()) --inbound_;
        newcomers_.remove(id);
        // Whoever calls this stands in them.
        later([held = find(id), web = sockets_.at(id)] {});
        peers_.erase(id);
        sockets_.erase(id);
        end_if_empty();
    }

private:
    struct DialUnderWay {
        std::shared_ptr<Dialler> dialler;
        Tick deadline = 0;
    };

    [[nodiscard]] std::shared_ptr<Peer> find(PeerId id) const {
        const auto found = peers_.find(id);
        return found == peers_.end() ? nullptr : found->second;
    }

    static bool take_over(tcp::socket& socket, Descriptor descriptor) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        if (::getsockname(descriptor.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
            return false;
        error_code ec;
        socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), descriptor.get(), ec);
        if (!ec) static_cast<void>(descriptor.release());
        return !ec;
    }

    std::shared_ptr<Peer> add_peer(bool outbound, const NodeAddress& address, const IpBytes& ip,
                                   tcp::socket socket, std::string before, Tick deadline) {
        error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        const PeerId id = ++last_id_;
        auto peer = std::make_shared<Peer>(*this, id, outbound, address, ip, deadline);
        auto traffic = std::make_shared<Traffic>();
        auto web = WebSocket::make(context_, std::make_unique<TcpLink>(std::move(socket)),
                                   std::move(before), traffic, peer);
        peer->attach(web, traffic);
        peers_.emplace(id, peer);
        sockets_.emplace(id, std::move(web));
        const std::lock_guard lock{traffic_mutex_};
        traffic_.emplace(id, std::move(traffic));
        return peer;
    }

    /// An IPv6 network of /64 is one party's.
    static Bytes source_of(const IpBytes& ip) {
        const bool is_v4 = ip_to_string(ip).find(':') == std::string::npos;
        return {ip.begin(), ip.begin() + (is_v4 ? 16 : 8)};
    }

    /// The peers together hold more than they may: whoever holds most goes.
    void relieve() {
        relief_due_ = false;
        while (!memory_.resize(held_)) {
            const auto largest = std::ranges::max_element(peers_, [](const auto& a, const auto& b) {
                return a.second->held() < b.second->held();
            });
            if (largest == peers_.end() || largest->second->held() == 0) return;
            const std::size_t before = held_;
            const std::shared_ptr<Peer> peer = largest->second;
            peer->cut("it makes this node hold more than there is memory for");
            if (held_ == before) return;
        }
    }

    void dial_next() {
        while (!stopping_ && !waiting_dials_.empty() && dials_.size() < kDialsAtOnce) {
            const NodeAddress to = std::move(waiting_dials_.front());
            waiting_dials_.pop_front();
            const std::uint64_t number = ++last_dial_;
            const Tick deadline = now() + options_.dial_within;
            auto dialler = std::make_shared<Dialler>(
                context_, line_, to, [this, number, to, deadline](DialOutcome outcome) {
                    dials_.erase(number);
                    on_dialled(to, deadline, std::move(outcome));
                    if (!stopping_) dial_next();
                });
            dials_.emplace(number, DialUnderWay{dialler, deadline});
            dialler->start();
        }
    }

    void on_dialled(const NodeAddress& to, Tick deadline, DialOutcome outcome) {
        if (!outcome) {
            tell(DialFailed{to, std::move(outcome.error()), DialFault::unreachable});
            return end_if_empty();
        }
        const auto peer = add_peer(true, to, outcome->ip, std::move(outcome->socket), {}, deadline);
        sockets_.at(peer->id())->connect(to.to_string());
    }

    /// What must not be lost is posted again with every tick until it is taken.
    void tell(PeerEvent event) {
        untold_.push_back(std::move(event));
        tell_all();
    }
    void tell_all() {
        while (!untold_.empty() && ports_.post(untold_.front(), [](bool) {})) untold_.pop_front();
        if (stopping_) untold_.clear();
    }

    void schedule_tick() {
        timer_.expires_after(std::chrono::milliseconds{options_.tick});
        timer_.async_wait([this](error_code ec) {
            if (ec) return;
            tick();
            if (!ended_) schedule_tick();
        });
    }
    void tick() {
        const Tick at = now();
        tell_all();
        for (const auto& [number, dial] : std::map{dials_})
            if (at >= dial.deadline) dial.dialler->give_up("nobody answers there");
        // Each may send an answer for which it has waited: an event of its own.
        for (const auto& [id, peer] : peers_) later([peer, at] { peer->tend(at); });
    }
    void end_if_empty() {
        if (!stopping_ || ended_ || !peers_.empty() || !dials_.empty()) return;
        ended_ = true;
        timer_.cancel();
        work_.reset();
    }

    const TransportOptions options_;
    const TransportPorts ports_;
    Shares guests_, named_;  // outlive the peers
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    const std::shared_ptr<Line> line_;
    boost::asio::steady_timer timer_;
    std::thread thread_;
    boost::asio::thread_pool reader_{1};  // of large blocks

    std::map<PeerId, std::shared_ptr<Peer>> peers_;
    std::map<PeerId, std::shared_ptr<WebSocket>> sockets_;
    PeerId last_id_ = 0;
    std::size_t inbound_ = 0;
    Newcomers newcomers_;
    std::size_t held_ = 0;  // bytes, by all peers
    MemoryBudget::Hold memory_{options_.memory};
    bool relief_due_ = false;
    std::map<std::uint64_t, DialUnderWay> dials_;
    std::uint64_t last_dial_ = 0;
    std::deque<NodeAddress> waiting_dials_;
    std::deque<PeerEvent> untold_;
    bool stopping_ = false;
    bool ended_ = false;

    mutable std::mutex traffic_mutex_;  // guards what follows
    std::map<PeerId, std::shared_ptr<Traffic>> traffic_;
};

Transport::Transport(TransportOptions options, TransportPorts ports)
    : engine_{std::make_shared<Engine>(std::move(options), std::move(ports))} {
    engine_->start();
}

Transport::~Transport() { stop(); }

void Transport::adopt(InboundSocket socket) {
    Descriptor descriptor{socket.descriptor};
    engine_->run([engine = engine_.get(), held = std::move(socket),
                  owned = std::move(descriptor)]() mutable {
        engine->adopt(std::move(held), std::move(owned));
    });
}

Actions Transport::carry_out(Actions actions) {
    Actions ours;
    Actions others;
    for (Action& action : actions) {
        const bool is_ours =
            std::holds_alternative<Send>(action) || std::holds_alternative<Close>(action) ||
            std::holds_alternative<Favour>(action) || std::holds_alternative<Dial>(action);
        (is_ours ? ours : others).push_back(std::move(action));
    }
    if (!ours.empty())
        engine_->run([engine = engine_.get(), held = std::move(ours)]() mutable {
            engine->carry_out(held);
        });
    return others;
}

std::optional<PeerTraffic> Transport::stats(PeerId peer) const { return engine_->stats(peer); }

void Transport::close_all(std::string why) {
    engine_->run([engine = engine_.get(), why = std::move(why)] { engine->close_all(why); });
}

void Transport::stop() { engine_->stop(); }

}  // namespace cairn::net
