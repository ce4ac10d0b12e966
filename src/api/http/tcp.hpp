#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <memory>

#include "api/http/connection.hpp"
#include "api/http/handler.hpp"

namespace cairn::http {

/// A plain TCP socket given away, on the I/O thread that runs its io_context. Whoever takes it
/// closes it before the server stops.
struct TakenTcp : TakenSocket {
    explicit TakenTcp(boost::asio::ip::tcp::socket taken) : socket{std::move(taken)} {}
    boost::asio::ip::tcp::socket socket;
};

template <>
struct SocketTraits<boost::asio::ip::tcp::socket> {
    using Socket = boost::asio::ip::tcp::socket;

    static std::unique_ptr<TakenSocket> give_away(Socket& socket) {
        return std::make_unique<TakenTcp>(std::move(socket));
    }
    /// What the socket's buffer takes of it at once; the rest is lost.
    static void write_at_once(Socket& socket, std::string_view text) {
        boost::system::error_code ignored;
        socket.non_blocking(true, ignored);
        socket.write_some(boost::asio::buffer(text), ignored);
    }
    static void half_close(Socket& socket) {
        boost::system::error_code ignored;
        socket.shutdown(Socket::shutdown_send, ignored);
    }
    static void close(Socket& socket) {
        boost::system::error_code ignored;
        socket.close(ignored);
    }
    static void abort(Socket& socket) {
        boost::system::error_code ignored;
        socket.set_option(boost::asio::socket_base::linger{true, 0}, ignored);
        socket.close(ignored);
    }
};

}  // namespace cairn::http
