#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace cairn::testing {

/// A server on loopback that knows one answer, whatever it is asked; nothing is answered if it is
/// empty.
class PlainServer {
public:
    explicit PlainServer(std::string answer) : answer_{std::move(answer)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0 ||
            getsockname(listener_, generic, &size) != 0)
            throw std::runtime_error{"no port on loopback"};
        port = ntohs(address.sin_port);
        thread_ = std::thread{[this] { run(); }};
    }
    ~PlainServer() {
        shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (const int link : silent_) close(link);
        close(listener_);
    }
    PlainServer(const PlainServer&) = delete;
    PlainServer& operator=(const PlainServer&) = delete;

    std::uint16_t port = 0;
    std::atomic<int> calls = 0;

private:
    void run() {
        for (int link = 0; (link = accept(listener_, nullptr, nullptr)) >= 0;) {
            ++calls;
            char request[4096];
            if (answer_.empty()) {
                silent_.push_back(link);
                continue;
            }
            if (recv(link, request, sizeof request, 0) > 0)
                (void)send(link, answer_.data(), answer_.size(), MSG_NOSIGNAL);
            shutdown(link, SHUT_WR);
            while (recv(link, request, sizeof request, 0) > 0) {
            }
            close(link);
        }
    }

    const std::string answer_;
    const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::vector<int> silent_;
    std::thread thread_;
};

}  // namespace cairn::testing
