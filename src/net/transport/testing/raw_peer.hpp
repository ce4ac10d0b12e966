#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.hpp"

namespace cairn::net::testing {

/// A blocking WebSocket client for tests, which sends whatever bytes it is told to. Waits 20 s at
/// most.
class RawPeer {
public:
    explicit RawPeer(std::uint16_t port, int receive_buffer = 0) {
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
        static_cast<void>(
            ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
    }
    ~RawPeer() { close(); }
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;
    void close() {
        if (socket_ >= 0) ::close(socket_);
        socket_ = -1;
    }

    /// Asks for the upgrade; the status of the answer.
    int upgrade(std::string_view protocols = "cairn.1") {
        std::string head =
            "GET /p2p HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
        if (!protocols.empty())
            head += "Sec-WebSocket-Protocol: " + std::string{protocols} + "\r\n";
        send_raw(as_bytes(head + "\r\n"));
        while (head_.find("\r\n\r\n") == std::string::npos) {
            if (!more()) return 0;
            head_.append(buffer_.begin(), buffer_.end());
            buffer_.clear();
        }
        const auto end = head_.find("\r\n\r\n") + 4;
        buffer_.assign(head_.begin() + static_cast<long>(end), head_.end());
        head_.resize(end);
        return std::stoi(head_.substr(9, 3));
    }
    [[nodiscard]] const std::string& head() const { return head_; }

    /// False once the other side has gone.
    bool send_raw(ByteView bytes) {
        while (!bytes.empty()) {
            const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0) return false;
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
        return true;
    }
    /// One frame: first byte (FIN, opcode), payload, masked with zeros or not at all.
    static Bytes frame(std::uint8_t first, ByteView payload, bool masked = true) {
        Bytes out{first};
        const std::uint8_t mask = masked ? 0x80 : 0;
        if (payload.size() < 126) {
            out.push_back(static_cast<std::uint8_t>(mask | payload.size()));
        } else if (payload.size() < 65536) {
            out.push_back(mask | 126);
            out.push_back(static_cast<std::uint8_t>(payload.size() >> 8));
            out.push_back(static_cast<std::uint8_t>(payload.size()));
        } else {
            out.push_back(mask | 127);
            for (int i = 7; i >= 0; --i)
                out.push_back(static_cast<std::uint8_t>(payload.size() >> (8 * i)));
        }
        if (masked) out.insert(out.end(), 4, 0);
        append(out, payload);
        return out;
    }
    bool send(ByteView message) { return send_raw(frame(0x82, message)); }

    struct Frame {
        std::uint8_t opcode = 0;
        Bytes payload;
        [[nodiscard]] unsigned close_code() const {
            return payload.size() < 2 ? 0U : payload[0] * 256U + payload[1];
        }
        [[nodiscard]] std::string close_reason() const {
            return {payload.begin() + std::min<long>(2, static_cast<long>(payload.size())),
                    payload.end()};
        }
    };
    /// The next frame; none once the connection has ended.
    std::optional<Frame> read() {
        if (!have(2)) return std::nullopt;
        std::size_t size = buffer_[1] & 0x7fU;
        std::size_t at = 2;
        if (size >= 126) {
            const std::size_t wide = size == 126 ? 2 : 8;
            if (!have(2 + wide)) return std::nullopt;
            size = 0;
            for (std::size_t i = 0; i < wide; ++i) size = size << 8 | buffer_[2 + i];
            at += wide;
        }
        if (!have(at + size)) return std::nullopt;
        const auto begin = buffer_.begin() + static_cast<long>(at);
        Frame out{static_cast<std::uint8_t>(buffer_[0] & 0x0fU),
                  Bytes(begin, begin + static_cast<long>(size))};
        buffer_.erase(buffer_.begin(), begin + static_cast<long>(size));
        return out;
    }
    /// The Close frame that ends it, whatever came before.
    std::optional<Frame> read_close() {
        while (auto one = read())
            if (one->opcode == 8) return one;
        return std::nullopt;
    }

private:
    bool more() {
        std::uint8_t bytes[16 * 1024];
        const ssize_t n = ::recv(socket_, bytes, sizeof bytes, 0);
        if (n <= 0) return false;
        buffer_.insert(buffer_.end(), bytes, bytes + n);
        return true;
    }
    bool have(std::size_t size) {
        while (buffer_.size() < size)
            if (!more()) return false;
        return true;
    }

    int socket_ = -1;
    std::string head_;
    Bytes buffer_;
};

}  // namespace cairn::net::testing
