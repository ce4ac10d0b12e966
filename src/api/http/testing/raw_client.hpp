#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

namespace cairn::http::testing {

/// An answer as a strict client reads it.
struct Response {
    unsigned status = 0;                         // 0: none came
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    bool whole = false;  // the body ended as its framing promised
};

/// A blocking TCP client for tests: sends bytes as they are. Waits 20 s at most.
class RawClient {
public:
    explicit RawClient(std::uint16_t port, int receive_buffer = 0) {
        socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval patience{20, 0};
        setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (receive_buffer > 0)
            setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ =
            ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~RawClient() { close(); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }

    /// False once the other side has gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(n));
        }
        return true;
    }
    void end_input() { ::shutdown(socket_, SHUT_WR); }
    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }

    /// The next answer; `to_head` answers have no body.
    Response read(bool to_head = false) {
        Response response;
        const std::string head = until("\r\n\r\n");
        if (head.size() < 12) return response;
        response.status = static_cast<unsigned>(std::atoi(head.c_str() + 9));
        std::size_t at = head.find("\r\n") + 2;
        while (at + 2 < head.size()) {
            const std::size_t end = head.find("\r\n", at);
            const std::size_t colon = head.find(": ", at);
            std::string name = head.substr(at, colon - at);
            std::ranges::transform(name, name.begin(),
                                   [](unsigned char c) { return std::tolower(c); });
            response.headers[name] = head.substr(colon + 2, end - colon - 2);
            at = end + 2;
        }
        if (to_head || response.status == 204 || response.status == 304 || response.status == 100) {
            response.whole = true;
        } else if (response.headers.contains("content-length")) {
            const std::size_t length = std::stoul(response.headers["content-length"]);
            while (buffer_.size() < length && more()) {
            }
            response.whole = buffer_.size() >= length;
            response.body = take(std::min(length, buffer_.size()));
        } else if (response.headers.contains("transfer-encoding")) {
            read_chunks(response);
        } else {
            response.body = rest();
            response.whole = !reset_;
        }
        return response;
    }

    /// What came first, once there are so many bytes; they are read again by `read`.
    std::string wait_for(std::size_t bytes) {
        while (buffer_.size() < bytes && more()) {
        }
        return buffer_.substr(0, bytes);
    }
    /// Everything until the other side ends or resets the connection.
    std::string rest() {
        while (more()) {
        }
        return take(buffer_.size());
    }
    /// Waits for the end; true if nothing came before it.
    bool ended() { return rest().empty(); }
    [[nodiscard]] bool reset() const { return reset_; }

private:
    bool more() {
        char bytes[16 * 1024];
        const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
        if (n < 0) reset_ = true;
        if (n <= 0) return false;
        buffer_.append(bytes, static_cast<std::size_t>(n));
        return true;
    }
    std::string take(std::size_t n) {
        std::string out = buffer_.substr(0, n);
        buffer_.erase(0, n);
        return out;
    }
    std::string until(std::string_view mark) {
        std::size_t at = 0;
        while ((at = buffer_.find(mark)) == std::string::npos)
            if (!more()) return {};
        return take(at + mark.size());
    }
    void read_chunks(Response& response) {
        while (true) {
            const std::string line = until("\r\n");
            if (line.empty()) return;
            const std::size_t size = std::strtoul(line.c_str(), nullptr, 16);
            while (buffer_.size() < size + 2 && more()) {
            }
            if (buffer_.size() < size + 2) return;
            response.body += take(size);
            take(2);
            if (size > 0) continue;
            response.whole = true;
            return;
        }
    }

    int socket_ = -1;
    bool connected_ = false;
    bool reset_ = false;
    std::string buffer_;
};

}  // namespace cairn::http::testing
