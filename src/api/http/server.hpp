#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/guard.hpp"
#include "api/http/handler.hpp"
#include "api/http/trusted_proxies.hpp"
#include "core/base/memory_budget.hpp"
#include "core/base/result.hpp"
#include "core/base/step_times.hpp"

namespace cairn::http {

/// What a connection costs by itself: with its socket, its place, the first 4 KiB of input, a small
/// request and a small answer (some 7 KiB were measured). Bytes.
inline constexpr std::size_t kConnectionBytes = 10 * 1024;

/// Where a server listens and what it bears.
struct ServerConfig {
    std::string address = "127.0.0.1";
    std::uint16_t port = 5000;  // 0: any
    unsigned threads = 1;
    GuardConfig guard = {};
    TrustedProxies proxies = {};  // their connections count in all only

    std::size_t connections = 4096;  // each takes kConnectionBytes, beside the budgets below
    std::size_t reserved = 64;  // of them, for other nodes and for who shows a token; at most 1/8
    std::size_t connections_per_address = 256;  // of addresses that are not loopback
    bool count_loopback = false;                // ... or of those too

    std::chrono::milliseconds head_deadline{
        10'000};  // from accept, or from a later head's first byte
    std::chrono::milliseconds idle_deadline{30'000};      // between two requests
    std::chrono::milliseconds grace{10'000};              // before the rates below count
    std::size_t body_rate = 1024;                         // bytes a second that a body must bring
    std::size_t answer_rate = 16 * 1024;                  // ... and that an answer must be taken at
    std::chrono::milliseconds answer_longest{3'600'000};  // no answer holds its snapshot longer
    std::chrono::milliseconds overdue{5'000};     // a stopped handler's time to answer by itself
    std::chrono::milliseconds linger{2'000};      // for the last answer to be read before the close
    std::chrono::milliseconds heartbeat{15'000};  // a silent stream is asked again
    std::chrono::milliseconds stop_grace{2'500};  // for answers under way when the server stops
    std::chrono::milliseconds tick{100};          // how often all these are looked at

    /// What requests may hold, and answers that are not yet sent, where they are not small. Null:
    /// unbounded.
    std::shared_ptr<MemoryBudget> requests = {};
    std::shared_ptr<MemoryBudget> answers = {};
    /// Thread CPU of each event on an I/O thread. Null: not measured.
    std::shared_ptr<StepTimes> steps = {};
    /// Told each time that somebody meets a limit (limits_met.hpp). Any thread.
    std::function<void(std::string_view what)> limit_met = {};
};

/// A socket that listens already, though nobody serves it yet: its port is known, and who connects
/// waits.
class Listener {
public:
    /// `port` 0: any. The error is a sentence.
    [[nodiscard]] static Result<Listener, std::string> open(const std::string& address,
                                                            std::uint16_t port);
    Listener(Listener&& other) noexcept;
    Listener& operator=(Listener&&) = delete;
    ~Listener();

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] bool is_v6() const { return v6_; }
    /// The descriptor, which is the caller's from now on.
    [[nodiscard]] int release();

private:
    Listener(int descriptor, std::uint16_t port, bool v6)
        : descriptor_{descriptor}, port_{port}, v6_{v6} {}
    int descriptor_;
    std::uint16_t port_;
    bool v6_;
};

/// HTTP/1.1 on one port. Each I/O thread has its own connections; nothing here is shared but the
/// count of them.
///
/// Every connection's memory is bounded (32 KiB of input, one body within its route's limit, and of
/// an answer what a route hands over at once; a stream: 32 KiB), and that of all together by the
/// budgets. A refused request never has a body read. Answers leave in the order of their requests.
///
/// When all places are taken, a connection gives way that has shown no token and done nothing for
/// longest.
class Server {
public:
    /// Listens and serves until stopped; `handler` outlives it. The error is a sentence.
    [[nodiscard]] static Result<std::unique_ptr<Server>, std::string> start(ServerConfig config,
                                                                            Handler& handler);
    /// The same on a socket that listens; address and port of `config` are not read.
    [[nodiscard]] static Result<std::unique_ptr<Server>, std::string> start(ServerConfig config,
                                                                            Handler& handler,
                                                                            Listener listener);
    ~Server();

    [[nodiscard]] std::uint16_t port() const;
    /// Accepts no more, fires every stop token, lets answers under way go out within the grace, and
    /// returns when no thread is left. Responders that are answered later are ignored.
    void stop();

private:
    class Engine;
    explicit Server(std::unique_ptr<Engine> engine);
    std::unique_ptr<Engine> engine_;
};

}  // namespace cairn::http
