#pragma once

#include <array>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>

namespace cairn::net::transport {

using TransferHandler =
    boost::asio::any_completion_handler<void(boost::system::error_code, std::size_t)>;

/// What one write takes at most, by value: a write that has to wait looks at its buffers again,
/// when the list that it was given is long gone.
class Gathered {
public:
    using value_type = boost::asio::const_buffer;
    using const_iterator = const value_type*;
    static constexpr std::size_t kMost = 8;
    /// The kernel copies them while others wait.
    static constexpr std::size_t kMostBytes = 256 * 1024;

    [[nodiscard]] bool full() const { return count_ == kMost || bytes_ == kMostBytes; }
    void add(boost::asio::const_buffer one) {
        buffers_[count_] = boost::asio::buffer(one, kMostBytes - bytes_);
        bytes_ += buffers_[count_++].size();
    }
    [[nodiscard]] const_iterator begin() const { return buffers_.data(); }
    [[nodiscard]] const_iterator end() const { return buffers_.data() + count_; }

private:
    std::array<boost::asio::const_buffer, kMost> buffers_;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

/// The bytes below a WebSocket, whatever carries them. Plain TCP is one; TLS becomes another, and
/// nothing above is compiled again for it.
class Link {
public:
    virtual ~Link() = default;
    virtual void read_some(boost::asio::mutable_buffer into, TransferHandler handler) = 0;
    virtual void write_some(const Gathered& from, TransferHandler handler) = 0;
    /// Sends the end, still reads.
    virtual void end_output() = 0;
    /// Everything under way ends with an error.
    virtual void close() = 0;
};

class TcpLink final : public Link {
public:
    explicit TcpLink(boost::asio::ip::tcp::socket socket) : socket_{std::move(socket)} {}

    void read_some(boost::asio::mutable_buffer into, TransferHandler handler) override {
        socket_.async_read_some(into, std::move(handler));
    }
    void write_some(const Gathered& from, TransferHandler handler) override {
        socket_.async_write_some(from, std::move(handler));
    }
    void end_output() override {
        boost::system::error_code ignored;
        socket_.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    }
    void close() override {
        boost::system::error_code ignored;
        socket_.close(ignored);
    }

private:
    boost::asio::ip::tcp::socket socket_;
};

}  // namespace cairn::net::transport
