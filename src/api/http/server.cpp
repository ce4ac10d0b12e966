#include "api/http/server.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <thread>
#include <utility>
#include <vector>

#include "api/http/tcp.hpp"

namespace cairn::http {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

boost::asio::ip::address unmapped(boost::asio::ip::address address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
    return address;
}

/// An address as a Host names it: without a zone.
std::string text_of(boost::asio::ip::address address) {
    if (!address.is_v6()) return address.to_string();
    auto v6 = address.to_v6();
    v6.scope_id(0);
    return v6.to_string();
}

Client client_of(const tcp::socket& socket) {
    error_code ec;
    const auto address = unmapped(socket.remote_endpoint(ec).address());
    return {.address = address.to_string(),
            .loopback = address.is_loopback(),
            .local = text_of(unmapped(socket.local_endpoint(ec).address()))};
}

/// Tells a client that it is not let in. Small enough for any socket's buffer.
void turn_away(tcp::socket& socket, const Problem& problem) {
    std::string text;
    const Reply reply = to_reply(problem);
    append_head(text, reply.status, reply.content_type, reply.headers, BodyFraming::length,
                reply.body.size(), {.close = true});
    text += reply.body;
    SocketTraits<tcp::socket>::write_at_once(socket, text);
    SocketTraits<tcp::socket>::half_close(socket);
}

}  // namespace

/// The listener, which lives on the first loop, and all loops with their threads.
class Server::Engine {
public:
    Engine(const ServerConfig& config, Handler& handler)
        : config_{config},
          admissions_{
              std::make_shared<Admissions>(config.connections, config.connections_per_address,
                                           std::min(config.reserved, config.connections / 8))} {
        const ServerMemory memory{config.requests, config.answers};
        for (unsigned i = 0; i < std::max(1U, config.threads); ++i)
            loops_.push_back(std::make_shared<Loop>(config, handler, memory, admissions_));
        acceptor_.emplace(loops_.front()->context);
        pause_.emplace(loops_.front()->context);
    }

    Result<void, std::string> listen(Listener listener) {
        error_code ec;
        port_ = listener.port();
        acceptor_->assign(listener.is_v6() ? tcp::v6() : tcp::v4(), listener.release(), ec);
        if (ec) return fail("cannot listen: " + ec.message());
        return {};
    }

    void run() {
        accept();
        for (const auto& loop : loops_) threads_.emplace_back([loop] { loop->run(); });
    }

    void stop() {
        if (threads_.empty()) return;
        loops_.front()->post([this] {
            error_code ignored;
            acceptor_->close(ignored);
            pause_->cancel();
        });
        for (const auto& loop : loops_) loop->post([loop] { loop->drain(); });
        for (std::thread& thread : threads_) thread.join();
        threads_.clear();
        for (const auto& loop : loops_) loop->close();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void accept() {
        const auto loop = loops_[next_++ % loops_.size()];
        acceptor_->async_accept(loop->context, [this, loop](error_code ec, tcp::socket socket) {
            if (!acceptor_->is_open()) return;
            if (ec) return accept_later();
            loop->post([loop, admissions = admissions_, held = std::move(socket)]() mutable {
                adopt(loop, *admissions, std::move(held));
            });
            accept();
        });
    }

    /// Out of descriptors, most likely: trying at once would only spin.
    void accept_later() {
        loops_.front()->tell_limit(kNoDescriptor);
        pause_->expires_after(config_.tick);
        pause_->async_wait([this](error_code ec) {
            if (!ec) accept();
        });
    }

    static void adopt(const std::shared_ptr<Loop>& loop, Admissions& admissions,
                      tcp::socket socket) {
        const Client client = client_of(socket);
        const bool exempt = (client.loopback && !loop->config.count_loopback) ||
                            loop->config.proxies.contains(client.address);
        auto slot = admissions.enter(client.address, exempt);
        const bool full = slot.refusal() == Admissions::Refusal::full;
        if ((full || slot.in_reserve()) && loop->make_place()) {
            if (full) slot = admissions.enter(client.address, exempt);
            slot.leave_reserve();
        }
        if (!slot || loop->draining()) {
            const bool address = slot.refusal() == Admissions::Refusal::address;
            loop->tell_limit(address ? kNoPlaceForAddress : kNoPlace);
            return turn_away(socket, address ? no_place_for_address_problem() : no_place_problem());
        }
        error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        std::make_shared<Connection<tcp::socket>>(loop, std::move(socket), client, std::move(slot))
            ->start();
    }

    const ServerConfig config_;
    const std::shared_ptr<Admissions> admissions_;
    std::vector<std::shared_ptr<Loop>> loops_;
    std::optional<tcp::acceptor> acceptor_;
    std::optional<boost::asio::steady_timer> pause_;
    std::size_t next_ = 0;
    std::uint16_t port_ = 0;
    std::vector<std::thread> threads_;
};

Result<std::unique_ptr<Server>, std::string> Server::start(ServerConfig config, Handler& handler) {
    auto listener = Listener::open(config.address, config.port);
    if (!listener) return fail(std::move(listener.error()));
    return start(std::move(config), handler, std::move(*listener));
}

Result<std::unique_ptr<Server>, std::string> Server::start(ServerConfig config, Handler& handler,
                                                           Listener listener) {
    auto engine = std::make_unique<Engine>(config, handler);
    if (auto listening = engine->listen(std::move(listener)); !listening)
        return fail(std::move(listening.error()));
    engine->run();
    return std::unique_ptr<Server>{new Server{std::move(engine)}};
}

Server::Server(std::unique_ptr<Engine> engine) : engine_{std::move(engine)} {}
Server::~Server() { stop(); }
std::uint16_t Server::port() const { return engine_->port(); }
void Server::stop() { engine_->stop(); }

}  // namespace cairn::http
