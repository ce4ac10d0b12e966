#pragma once

#include <array>
#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/role.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "net/transport/link.hpp"

namespace cairn::net::transport {

/// Bytes on the wire, counted where they pass. Any thread.
struct Traffic {
    std::atomic<std::uint64_t> in{0}, out{0};
};

/// The one stream type that WebSockets are compiled for: a link, what was read from it before, and
/// a budget. One thread.
///
/// The budget is what may still be read: frames without content, which Beast skips by itself, would
/// otherwise cost us time for ever. Once it is spent its owner is told, and given as much again as
/// an answer needs; then reading fails.
class ByteStream {
public:
    using executor_type = boost::asio::io_context::executor_type;

    ByteStream(boost::asio::io_context& context, std::unique_ptr<Link> link, std::string before,
               std::shared_ptr<Traffic> traffic)
        : executor_{context.get_executor()},
          link_{std::move(link)},
          before_{std::move(before)},
          traffic_{std::move(traffic)},
          linger_{context} {}

    [[nodiscard]] executor_type get_executor() { return executor_; }

    template <class Buffers, class Token>
    auto async_read_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, boost::asio::mutable_buffer into) {
                read(into, TransferHandler{std::move(handler)});
            },
            token, first_of(buffers));
    }

    template <class Buffers, class Token>
    auto async_write_some(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            [this](auto handler, const Gathered& from) {
                write(from, TransferHandler{std::move(handler)});
            },
            token, gather(buffers));
    }

    static constexpr std::size_t kGrace = 64 * 1024;  // bytes
    /// Reads at most so many bytes more before `when_spent` is called, from the loop.
    void set_budget(std::size_t bytes) { budget_ = bytes; }
    void when_spent(std::function<void()> tell) { when_spent_ = std::move(tell); }

    static constexpr std::chrono::seconds kLinger{2};
    /// Sends the end and reads on to the other side's, for so long at most, so that nothing under
    /// way to it is lost.
    void end(boost::asio::any_completion_handler<void(boost::system::error_code)> handler);
    void close() { link_->close(); }

private:
    template <class Buffers>
    static boost::asio::mutable_buffer first_of(const Buffers& buffers) {
        for (auto at = boost::asio::buffer_sequence_begin(buffers);
             at != boost::asio::buffer_sequence_end(buffers); ++at) {
            const boost::asio::mutable_buffer one{*at};
            if (one.size() > 0) return one;
        }
        return {};
    }
    template <class Buffers>
    static Gathered gather(const Buffers& buffers) {
        Gathered out;
        for (auto at = boost::asio::buffer_sequence_begin(buffers);
             at != boost::asio::buffer_sequence_end(buffers) && !out.full(); ++at) {
            const boost::asio::const_buffer one{*at};
            if (one.size() > 0) out.add(one);
        }
        return out;
    }

    void spend(std::size_t bytes);
    void read(boost::asio::mutable_buffer into, TransferHandler handler);
    void write(const Gathered& from, TransferHandler handler);
    void drain(boost::asio::any_completion_handler<void(boost::system::error_code)> handler);

    executor_type executor_;
    std::shared_ptr<Link> link_;
    std::string before_;
    std::shared_ptr<Traffic> traffic_;
    std::size_t budget_ = SIZE_MAX;
    std::function<void()> when_spent_;  // gone once called
    boost::asio::steady_timer linger_;
    std::array<char, 2048> drained_;
};

/// What Beast asks of a stream that it is to end.
void beast_close_socket(ByteStream& stream);
void teardown(boost::beast::role_type role, ByteStream& stream, boost::system::error_code& ec);
template <class Handler>
void async_teardown(boost::beast::role_type /*role*/, ByteStream& stream, Handler&& handler) {
    stream.end(std::forward<Handler>(handler));
}

}  // namespace cairn::net::transport
