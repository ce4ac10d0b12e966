#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "core/testing/keys.hpp"
#include "ledger/testing/map_store.hpp"
#include "net/transport/testing/raw_peer.hpp"
#include "net/transport/transport.hpp"
#include "node/node.hpp"

namespace cairn::net::testing {

/// A transport behind a listening socket, with a scripted node: it records events, and says when it
/// has seen them.
class Rig {
public:
    explicit Rig(std::uint8_t number, ChainSpec spec = cairn::testing::easy_spec(),
                 TransportOptions options = {})
        : number_{number}, chain{cairn::testing::params_of(std::move(spec))} {
        node = std::move(*Node::open(chain, store, {}, Now{1, 2'000'000}));
        view_ = node->commit(Now{1, 2'000'000})->view;
        options.key = keys_.address(number);
        options.agent = "rig " + std::to_string(number);
        options.tick = 10;
        options.close_within = 100;
        listen();
        options.listens_on = port;
        TransportPorts ports;
        ports.post = [this](PeerEvent event, auto taken) {
            return on_post(std::move(event), std::move(taken));
        };
        ports.view = [this] {
            const std::lock_guard lock{mutex_};
            return view_;
        };
        ports.now = [] {
            return static_cast<Tick>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         std::chrono::steady_clock::now().time_since_epoch())
                                         .count());
        };
        ports.fill_random = [this](std::span<std::uint8_t> out) {
            for (auto& byte : out) byte = static_cast<std::uint8_t>(++random_ * 37 + number_);
        };
        ports.sign = [this](ByteView message) { return sign(message); };
        ports.turned_away = [this](const std::string&, const std::string& why) {
            const std::lock_guard lock{mutex_};
            turned_away_.push_back(why);
            changed_.notify_all();
        };
        transport.emplace(std::move(options), std::move(ports));
        door_ = std::thread{[this] { serve_door(); }};
    }
    ~Rig() {
        shut_door();
        transport.reset();
    }

    [[nodiscard]] Signature sign(ByteView message) const {
        const SchnorrSigner signer{{}};
        Hash256 seed;
        seed.bytes[0] = number_;
        seed.bytes[31] = 1;
        return signer.sign(*SecretKey::from_hash(seed), message, {});
    }
    [[nodiscard]] NodeKey key() { return keys_.address(number_); }
    [[nodiscard]] NodeAddress address() const { return {"127.0.0.1", port}; }

    void dial(const NodeAddress& to) { carry_out(Dial{to}); }
    void carry_out(Action action) {
        Actions actions;
        actions.push_back(std::move(action));
        EXPECT_TRUE(transport->carry_out(std::move(actions)).empty());
    }
    void set_view(ViewPtr view) {
        const std::lock_guard lock{mutex_};
        view_ = std::move(view);
    }

    /// The next event of this kind, once there is one; fails the test after 20 s.
    template <class Event>
    Event next() {
        std::unique_lock lock{mutex_};
        Event out;
        const bool found = changed_.wait_for(lock, std::chrono::seconds{20}, [&] {
            for (auto at = events_.begin(); at != events_.end(); ++at) {
                if (!std::holds_alternative<Event>(*at)) continue;
                out = std::get<Event>(std::move(*at));
                events_.erase(at);
                return true;
            }
            return false;
        });
        EXPECT_TRUE(found) << "the event did not come";
        return out;
    }
    std::string next_turned_away() {
        std::unique_lock lock{mutex_};
        if (!changed_.wait_for(lock, std::chrono::seconds{20},
                               [&] { return !turned_away_.empty(); }))
            return "nobody was turned away";
        std::string out = turned_away_.front();
        turned_away_.pop_front();
        return out;
    }
    /// From now on events are recorded, and seen only when `see` says so.
    void hold() {
        const std::lock_guard lock{mutex_};
        holding_ = true;
    }
    [[nodiscard]] std::size_t held() {
        const std::lock_guard lock{mutex_};
        return held_.size();
    }
    void wait_for_held(std::size_t count) {
        std::unique_lock lock{mutex_};
        EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds{20},
                                      [&] { return held_.size() >= count; }));
    }
    void see(bool seen = true) {
        std::deque<std::function<void(bool)>> all;
        {
            const std::lock_guard lock{mutex_};
            all.swap(held_);
            holding_ = false;
        }
        for (const auto& taken : all) taken(seen);
    }
    void refuse(bool on) {
        const std::lock_guard lock{mutex_};
        refusing_ = on;
    }

    /// A raw peer that has done its handshake under key 99.
    std::unique_ptr<RawPeer> shaken_peer(int receive_buffer = 0, std::uint32_t protocol = 1) {
        auto peer = std::make_unique<RawPeer>(port, receive_buffer);
        EXPECT_EQ(peer->upgrade("cairn." + std::to_string(protocol)), 101);
        Handshake::Ours ours;
        ours.protocol = protocol;
        ours.self.genesis = chain->genesis().hash;
        ours.self.key = keys_.address(99);
        ours.self.agent = "raw";
        ours.nonce.fill(static_cast<std::uint8_t>(++raw_nonce_));
        ours.sign = [](ByteView message) {
            Hash256 seed;
            seed.bytes[0] = 99;
            seed.bytes[31] = 1;
            return SchnorrSigner{{}}.sign(*SecretKey::from_hash(seed), message, {});
        };
        Handshake handshake{ours, true, address(), 0};
        EXPECT_TRUE(peer->send(handshake.opening()));
        for (int i = 0; i < 2; ++i) {
            const auto frame = peer->read();
            if (!frame) {
                ADD_FAILURE() << "the handshake ended";
                break;
            }
            const auto step = handshake.on_frame(frame->payload, 0);
            EXPECT_TRUE(step) << (step ? "" : step.error().why);
            if (step && step->answer) peer->send(*step->answer);
        }
        return peer;
    }
    /// Takes no more connections.
    void shut_door() {
        if (!door_.joinable()) return;
        ::shutdown(listener_, SHUT_RDWR);
        door_.join();
        ::close(listener_);
    }

private:
    std::uint8_t number_;

public:
    std::shared_ptr<const ChainParams> chain;
    cairn::testing::MapStore store;
    std::unique_ptr<Node> node;
    std::uint16_t port = 0;
    std::optional<Transport> transport;

private:
    bool on_post(PeerEvent event, std::function<void(bool)> taken) {
        {
            const std::lock_guard lock{mutex_};
            if (refusing_) return false;
            events_.push_back(std::move(event));
            if (holding_) held_.push_back(std::move(taken));
            changed_.notify_all();
        }
        if (taken) taken(true);
        return true;
    }
    void listen() {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        ASSERT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        ASSERT_EQ(::listen(listener_, 64), 0);
        ASSERT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port = ntohs(address.sin_port);
    }
    /// What the HTTP engine does, in short: reads the head and gives the socket away.
    void serve_door() {
        for (;;) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) return;
            std::string read;
            char byte = 0;
            while (read.find("\r\n\r\n") == std::string::npos && ::recv(socket, &byte, 1, 0) == 1)
                read.push_back(byte);
            const auto field = [&](std::string_view name) -> std::string {
                const auto at = read.find(std::string{name} + ": ");
                if (at == std::string::npos) return "";
                const auto begin = at + name.size() + 2;
                return read.substr(begin, read.find("\r\n", begin) - begin);
            };
            transport->adopt({.descriptor = socket,
                              .read = {},
                              .host = field("Host"),
                              .key = field("Sec-WebSocket-Key"),
                              .version = field("Sec-WebSocket-Version"),
                              .protocols = field("Sec-WebSocket-Protocol")});
        }
    }

    cairn::testing::Keys keys_;
    std::mutex mutex_;
    std::condition_variable changed_;
    ViewPtr view_;
    std::deque<PeerEvent> events_;
    std::deque<std::string> turned_away_;
    std::deque<std::function<void(bool)>> held_;
    bool holding_ = false;
    bool refusing_ = false;
    unsigned random_ = 0;
    unsigned raw_nonce_ = 0;
    int listener_ = -1;
    std::thread door_;
};

}  // namespace cairn::net::testing
