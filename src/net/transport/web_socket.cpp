#include "net/transport/web_socket.hpp"

#include <algorithm>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <optional>
#include <utility>

#include "net/protocol/subprotocol.hpp"

namespace cairn::net::transport {
namespace {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr std::size_t kReadLeast = 4 * 1024;  // held while nothing comes
constexpr std::size_t kReadMost = 64 * 1024;
constexpr std::size_t kOverhead = 64 * 1024;     // of framing and control frames, a message
constexpr std::size_t kReasonMax = 123;          // bytes of a Close frame
constexpr std::size_t kWriteBuffer = 64 * 1024;  // masked piece by piece

/// What a stranger sent, fit for a sentence.
std::string printable(std::string_view text) {
    std::string out{text.substr(0, kReasonMax)};
    std::ranges::replace_if(
        out, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return out;
}

class BeastSocket final : public WebSocket, public std::enable_shared_from_this<BeastSocket> {
public:
    BeastSocket(boost::asio::io_context& context, std::unique_ptr<Link> link, std::string before,
                std::shared_ptr<Traffic> traffic, std::weak_ptr<WebSocketOwner> owner)
        : traffic_{traffic},
          stream_{context, std::move(link), std::move(before), std::move(traffic)},
          owner_{std::move(owner)} {
        stream_.binary(true);
        stream_.auto_fragment(false);
        stream_.write_buffer_bytes(kWriteBuffer);
    }

    void accept(const Upgrade& upgrade) override {
        http::request<http::empty_body> request{http::verb::get, "/p2p", 11};
        request.set(http::field::host, upgrade.host);
        request.set(http::field::connection, "upgrade");
        request.set(http::field::upgrade, "websocket");
        request.set(http::field::sec_websocket_key, upgrade.key);
        request.set(http::field::sec_websocket_version, upgrade.version);
        protocol_ = upgrade.protocol;
        set_decorator(subprotocol(protocol_));
        watch_budget();
        stream_.async_accept(request, [self = shared_from_this()](error_code ec) {
            if (ec) return self->end("its WebSocket upgrade failed: " + ec.message());
            self->upgraded();
        });
    }

    void connect(const std::string& authority) override {
        set_decorator(offered_subprotocols());
        watch_budget();
        stream_.next_layer().set_budget(ByteStream::kGrace);
        stream_.async_handshake(
            response_, authority, "/p2p",
            [self = shared_from_this()](error_code ec) { self->on_answer(ec); });
    }

    std::uint32_t protocol() const override { return protocol_; }

    void read(std::size_t limit) override {
        if (closing_ || ended_) return;
        limit_ = limit;
        have_ = 0;
        message_began_ = traffic_->in;
        stream_.read_message_max(limit);
        read_more();
    }

    void write(SharedBytes message) override {
        if (closing_ || ended_) return;
        writing_ = std::move(message);
        stream_.async_write(boost::asio::buffer(*writing_),
                            [self = shared_from_this()](error_code ec, std::size_t) {
                                self->writing_.reset();
                                if (ec) return self->end_later(ec);
                                self->tell(&WebSocketOwner::on_written);
                            });
    }

    void close(CloseCode code, std::string_view reason) override {
        if (!upgraded_) return abort();
        if (std::exchange(closing_, true)) return;
        stream_.next_layer().set_budget(ByteStream::kGrace);
        const auto text = printable(reason);
        stream_.async_close(
            {static_cast<websocket::close_code>(code), text},
            [self = shared_from_this()](error_code) { self->end("it was closed"); });
    }

    void abort() override {
        stream_.next_layer().close();
        boost::asio::post(stream_.get_executor(),
                          [self = shared_from_this()] { self->end("it was cut off"); });
    }

private:
    void set_decorator(std::string protocols) {
        stream_.set_option(websocket::stream_base::decorator([protocols](http::fields& fields) {
            fields.set(http::field::sec_websocket_protocol, protocols);
            fields.erase(http::field::user_agent);
            fields.erase(http::field::server);
        }));
    }

    void watch_budget() {
        stream_.next_layer().when_spent([weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self || self->closing_) return;
            self->why_ = self->upgraded_ ? "it sent frames that hold next to nothing"
                                         : "it answers, but is no Cairn node";
            self->close(CloseCode::protocol_error, self->why_);
        });
    }

    void upgraded() {
        upgraded_ = true;
        tell(&WebSocketOwner::on_upgraded);
    }

    void on_answer(error_code ec) {
        if (ec == boost::asio::error::eof || ec == boost::asio::error::connection_reset ||
            ec == http::error::end_of_stream)
            return end("it closed the connection without an answer");
        if (ec == websocket::error::upgrade_declined)
            return end("it answers, but is no Cairn node (HTTP " +
                       std::to_string(response_.result_int()) + ")");
        if (ec) return end("it answers, but is no Cairn node");
        const std::string chosen{response_[http::field::sec_websocket_protocol]};
        const auto protocol = newest_in(chosen);
        // One of those offered, and that alone.
        if (!protocol || chosen != subprotocol(*protocol))
            return end("it answers, but speaks none of " + offered_subprotocols());
        protocol_ = *protocol;
        upgraded();
    }

    void read_more() {
        // Grown as content comes: a length that is only claimed costs nothing.
        if (message_.size() - have_ < kReadLeast)
            message_.resize(std::min(have_ + std::clamp(have_, kReadLeast, kReadMost), limit_ + 1));
        // Honest frames have next to no overhead; the first reads may fetch ahead.
        const std::size_t allowed = 2 * have_ + kReadMost + kOverhead;
        const std::size_t used = traffic_->in - message_began_;
        stream_.next_layer().set_budget(allowed > used ? allowed - used : 1);
        stream_.async_read_some(
            boost::asio::buffer(message_.data() + have_, message_.size() - have_),
            [self = shared_from_this()](error_code ec, std::size_t n) {
                self->have_ += n;
                self->on_read(ec);
            });
    }

    void on_read(error_code ec) {
        if (ec) return end_later(ec);
        if (closing_) return;
        if (!stream_.got_binary()) {
            why_ = "it sent text, and messages are binary";
            return close(CloseCode::wrong_type, why_);
        }
        if (!stream_.is_message_done()) return read_more();
        message_.resize(have_);
        if (const auto owner = owner_.lock()) owner->on_frame(std::exchange(message_, {}));
    }

    /// A read or write failed; while we close, the end of that tells.
    void end_later(error_code ec) {
        if (closing_) return;
        if (ec == websocket::error::closed) {
            const auto reason =
                printable({stream_.reason().reason.data(), stream_.reason().reason.size()});
            return end(reason.empty() ? "it closed the connection"
                                      : "it closed the connection: " + reason);
        }
        if (ec == websocket::error::message_too_big)
            return end("it sent a message longer than " + std::to_string(limit_) + " bytes");
        if (ec.category() == websocket::make_error_code(websocket::error::closed).category())
            return end("it broke the WebSocket protocol: " + ec.message());
        end("the connection was lost: " + ec.message());
    }

    void end(std::string why) {
        if (std::exchange(ended_, true)) return;
        stream_.next_layer().close();
        if (const auto owner = owner_.lock()) owner->on_ended(why_.empty() ? std::move(why) : why_);
    }

    void tell(void (WebSocketOwner::*what)()) {
        if (ended_) return;
        if (const auto owner = owner_.lock()) ((*owner).*what)();
    }

    const std::shared_ptr<Traffic> traffic_;
    websocket::stream<ByteStream, false> stream_;
    std::weak_ptr<WebSocketOwner> owner_;
    websocket::response_type response_;
    std::uint32_t protocol_ = kProtocolNewest;
    std::size_t limit_ = 0;
    Bytes message_;
    std::size_t have_ = 0;             // of the message
    std::uint64_t message_began_ = 0;  // bytes on the wire by then
    SharedBytes writing_;
    std::string why_;  // our own reason for a close of our own
    bool upgraded_ = false;
    bool closing_ = false;
    bool ended_ = false;
};

}  // namespace

std::shared_ptr<WebSocket> WebSocket::make(boost::asio::io_context& context,
                                           std::unique_ptr<Link> link, std::string before,
                                           std::shared_ptr<Traffic> traffic,
                                           std::weak_ptr<WebSocketOwner> owner) {
    return std::make_shared<BeastSocket>(context, std::move(link), std::move(before),
                                         std::move(traffic), std::move(owner));
}

}  // namespace cairn::net::transport
