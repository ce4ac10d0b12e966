#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <string>
#include <string_view>

#include "core/base/ensure.hpp"

namespace cairn::bench {

/// One keep-alive connection that costs as little as one can: blocking, no parsing beyond the
/// length.
class LoopbackClient {
public:
    explicit LoopbackClient(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ENSURE(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
               0);
        const int on = 1;
        ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    ~LoopbackClient() { ::close(socket_); }
    LoopbackClient(const LoopbackClient&) = delete;
    LoopbackClient& operator=(const LoopbackClient&) = delete;

    /// Sends one request; its whole answer, valid until the next call.
    std::string_view ask(std::string_view request) {
        while (!request.empty()) {
            const ssize_t sent = ::send(socket_, request.data(), request.size(), MSG_NOSIGNAL);
            ENSURE(sent > 0);
            request.remove_prefix(static_cast<std::size_t>(sent));
        }
        answer_.clear();
        for (std::size_t whole = SIZE_MAX; answer_.size() < whole;) {
            char part[16 * 1024];
            const ssize_t got = ::recv(socket_, part, sizeof part, 0);
            ENSURE(got > 0);
            answer_.append(part, static_cast<std::size_t>(got));
            if (whole == SIZE_MAX) whole = whole_size();
        }
        return answer_;
    }

private:
    [[nodiscard]] std::size_t whole_size() const {
        constexpr std::string_view kLength = "Content-Length: ";
        const std::size_t head_end = answer_.find("\r\n\r\n");
        if (head_end == std::string::npos) return SIZE_MAX;
        const std::size_t field = answer_.find(kLength);
        ENSURE(field < head_end);
        std::size_t length = 0;
        std::from_chars(answer_.data() + field + kLength.size(), answer_.data() + head_end, length);
        return head_end + 4 + length;
    }

    int socket_;
    std::string answer_;
};

}  // namespace cairn::bench
