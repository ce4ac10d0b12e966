#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/serve/allowance.hpp"
#include "net/serve/answers.hpp"
#include "net/serve/cost.hpp"
#include "net/transport/transport.hpp"
#include "net/transport/web_socket.hpp"

namespace cairn::net::transport {

class Peer;

/// What a class of peers may cost.
struct Shares {
    Share answers, talk;
};

/// What a connection needs of the transport it belongs to.
class PeerHost {
public:
    virtual ~PeerHost() = default;
    [[nodiscard]] virtual Tick now() const = 0;
    [[nodiscard]] virtual ViewPtr view() const = 0;
    [[nodiscard]] virtual const TransportOptions& options() const = 0;
    /// Of guests; of those whom the operator named or we dialled.
    [[nodiscard]] virtual Shares& shares(bool named) = 0;
    /// Bytes that all connections together hold have changed by so many.
    virtual void count_held(std::ptrdiff_t change) = 0;
    /// So many that nobody is read who has something before the node already.
    [[nodiscard]] virtual bool is_crowded() const = 0;
    [[nodiscard]] virtual Handshake::Ours introduce() const = 0;
    /// Runs a task later, from the loop.
    virtual void later(std::function<void()> task) = 0;
    /// Has a frame made where it may take long, and gives it on the loop.
    using Made = std::optional<Bytes>;
    virtual void apart(std::function<Made()> make, std::function<void(Made)> then) = 0;
    /// False: it cannot be taken.
    [[nodiscard]] virtual bool post(PeerId peer, PeerEvent event) = 0;
    /// The node has judged the connection; or it is about to end.
    virtual void on_settled(Peer& peer) = 0;
    virtual void on_ending(Peer& peer) = 0;
    /// Bodies of peers wait for their check, as many as may.
    [[nodiscard]] virtual bool is_busy() const = 0;
    /// The connection is gone; the last call of a peer.
    virtual void on_gone(Peer& peer, const std::string& why) = 0;
};

/// One connection: upgrade, handshake, then messages both ways until somebody closes.
///
/// What the node sends waits in a bounded queue. What the peer asks for (headers, bodies, the pool)
/// waits as questions and is read from a view only when everything else has been written, one frame
/// at a time: a peer that asks for much and reads nothing costs one frame. While the node has not
/// seen what it was handed, while the queue is long, or while questions wait, nothing more is read.
/// What is asked and said has its cost (net/serve/cost.hpp): who has used up its share waits.
class Peer final : public WebSocketOwner, public std::enable_shared_from_this<Peer> {
public:
    static constexpr std::size_t kUnseenMax = 64;  // events that the node has not run
    static constexpr std::size_t kUnseenBytesMax = 2 * 1024 * 1024;  // and of what size

    Peer(PeerHost& host, PeerId id, bool outbound, NodeAddress address, IpBytes ip, Tick deadline);

    void attach(std::shared_ptr<WebSocket> socket, std::shared_ptr<Traffic> traffic);
    void send(SharedBytes frame);
    void close(CloseCode code, std::string why, bool ban = false);
    /// Ends at once, without a word.
    void cut(std::string why);
    /// The operator named its node.
    void favour();
    void tend(Tick now);
    /// The node has run (or lost) one event of this peer.
    void on_seen(bool seen);

    [[nodiscard]] PeerId id() const { return id_; }
    [[nodiscard]] bool outbound() const { return outbound_; }
    [[nodiscard]] bool is_open() const { return opened_; }  // the node knows of it
    [[nodiscard]] const NodeAddress& address() const { return address_; }
    [[nodiscard]] const IpBytes& ip() const { return ip_; }
    [[nodiscard]] DialFault fault() const { return fault_; }
    [[nodiscard]] bool to_ban() const { return ban_; }
    /// Bytes that wait to be sent, for the rest of their frame, or for the node to see them.
    [[nodiscard]] std::size_t held() const { return held_; }

private:
    enum class State : std::uint8_t { upgrading, shaking, open, closing, gone };

    void on_upgraded() override;
    void on_frame(Bytes message) override;
    void on_written() override;
    void on_ended(std::string why) override;

    void shake(const Bytes& message);
    void hear(Bytes message);
    void post(PeerEvent event, std::size_t size);
    void read();
    void pump();
    void write(SharedBytes frame);
    void drop_what_waits();
    void count_held();
    /// The next frame of what it asked; none if there is none to send for now.
    [[nodiscard]] std::optional<Bytes> serve();

    PeerHost& host_;
    const PeerId id_;
    const bool outbound_;
    const NodeAddress address_;
    const IpBytes ip_;
    Tick deadline_;  // of the handshake, then of the close
    State state_ = State::upgrading;
    bool opened_ = false;
    std::optional<Handshake> handshake_;
    std::size_t max_block_ = 0;
    std::string why_;  // our reason, if we close
    bool ban_ = false;
    DialFault fault_ = DialFault::unreachable;

    std::shared_ptr<WebSocket> socket_;
    std::shared_ptr<Traffic> traffic_;
    bool reading_ = false;
    bool writing_ = false;
    std::size_t unseen_ = 0;
    std::deque<std::size_t> unseen_sizes_;  // bytes of each, in their order
    std::size_t unseen_bytes_ = 0;
    std::size_t partial_ = 0;        // bytes of a frame that is not whole
    std::uint64_t in_at_frame_ = 0;  // bytes that had come when the last one was
    bool settled_ = false;           // the node has seen that it is there
    std::size_t held_ = 0;

    Allowance serving_, talk_;
    Solicited solicited_;

    std::deque<SharedBytes> queue_;
    std::size_t queued_ = 0;     // bytes of the queue
    std::size_t in_flight_ = 0;  // bytes of what is being written

    Answers answers_;
    bool serves_later_ = false;

    std::uint64_t last_in_ = 0, last_out_ = 0;
    Tick heard_ = 0;  // when bytes last came, or could not come
    Tick taken_ = 0;  // when bytes last went, or nothing waited
};

}  // namespace cairn::net::transport
