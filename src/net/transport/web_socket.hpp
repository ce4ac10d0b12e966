#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/bytes.hpp"
#include "net/message.hpp"
#include "net/transport/byte_stream.hpp"

namespace cairn::net::transport {

/// Close codes of RFC 6455.
enum class CloseCode : std::uint16_t {
    normal = 1000,
    going_away = 1001,
    protocol_error = 1002,
    wrong_type = 1003,  // text
    policy = 1008,
    too_big = 1009,
    internal = 1011,
};

/// The fields of an upgrade request that were read already, by whoever took the connection.
struct Upgrade {
    std::string host;
    std::string key;
    std::string version;
    std::uint32_t protocol = kProtocolNewest;  // the one agreed on
};

/// Whom a WebSocket tells what happens. Called on the loop's thread, never from within a call to
/// the WebSocket.
class WebSocketOwner {
public:
    virtual ~WebSocketOwner() = default;
    virtual void on_upgraded() = 0;
    virtual void on_frame(Bytes message) = 0;
    virtual void on_written() = 0;
    /// Once, as the last: a sentence about the other side.
    virtual void on_ended(std::string why) = 0;
};

/// A WebSocket of binary messages and no extensions, strict: what RFC 6455 forbids ends it with the
/// Close code that the RFC names. One thread; at most one read and one write at a time.
class WebSocket {
public:
    virtual ~WebSocket() = default;

    /// Answers the upgrade of a client.
    virtual void accept(const Upgrade& upgrade) = 0;
    /// Asks a server for `/p2p` with our subprotocols; takes no redirect and no other answer.
    virtual void connect(const std::string& authority) = 0;
    /// The version of the protocol that is spoken, once the upgrade is done.
    [[nodiscard]] virtual std::uint32_t protocol() const = 0;
    /// Reads one message of at most `limit` bytes.
    virtual void read(std::size_t limit) = 0;
    /// Sends one message.
    virtual void write(SharedBytes message) = 0;
    /// Says why and ends; `on_ended` comes when the other side has answered, or with `abort`.
    virtual void close(CloseCode code, std::string_view reason) = 0;
    /// Ends at once.
    virtual void abort() = 0;

    [[nodiscard]] static std::shared_ptr<WebSocket> make(boost::asio::io_context& context,
                                                         std::unique_ptr<Link> link,
                                                         std::string before,
                                                         std::shared_ptr<Traffic> traffic,
                                                         std::weak_ptr<WebSocketOwner> owner);
};

}  // namespace cairn::net::transport
