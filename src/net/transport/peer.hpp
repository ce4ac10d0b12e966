#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "net/transport/transport.hpp"
#include "net/transport/web_socket.hpp"

namespace cairn::net::transport {

class Peer;

/// What a connection needs of the transport it belongs to.
class PeerHost {
public:
    virtual ~PeerHost() = default;
    [[nodiscard]] virtual Tick now() const = 0;
    [[nodiscard]] virtual ViewPtr view() const = 0;
    [[nodiscard]] virtual const TransportOptions& options() const = 0;
    [[nodiscard]] virtual Handshake::Ours introduce() const = 0;
    /// Runs a task later, from the loop.
    virtual void later(std::function<void()> task) = 0;
    /// False: it cannot be taken.
    [[nodiscard]] virtual bool post(PeerId peer, PeerEvent event) = 0;
    [[nodiscard]] virtual bool is_busy() const = 0;
    /// Memory is short: whoever makes most wait is closed, which may be the one that asks.
    virtual void make_room() = 0;
    /// The connection is gone; the last call of a peer.
    virtual void on_gone(Peer& peer, const std::string& why) = 0;
};

/// One connection: upgrade, handshake, then messages both ways until somebody closes.
///
/// What the node sends waits in a bounded queue. What the peer asks for (headers, bodies, the pool)
/// waits as questions and is read from a view only when everything else has been written, one frame
/// at a time: a peer that asks for much and reads nothing costs one frame. While the node has not
/// seen what it was handed, while the queue is long, or while questions wait, nothing more is read.
class Peer final : public WebSocketOwner, public std::enable_shared_from_this<Peer> {
public:
    static constexpr std::size_t kUnseenMax = 64;    // events that the node has not run
    static constexpr std::size_t kUnseenBytes = 4 * 1024 * 1024;  // ... and bytes of them
    static constexpr std::size_t kAskedMax = 8'192;  // questions and items that wait; honest peers
                                                     // stay below, or two could wait for each other

    Peer(PeerHost& host, PeerId id, bool outbound, NodeAddress address, IpBytes ip, Tick deadline);

    void attach(std::shared_ptr<WebSocket> socket, std::shared_ptr<Traffic> traffic);
    void send(SharedBytes frame);
    void close(CloseCode code, std::string why, bool ban = false);
    void tend(Tick now);
    /// The node has run (or lost) one event of this peer.
    void on_seen(bool seen);
    /// Bytes of memory that it makes this node hold.
    [[nodiscard]] std::size_t held() const { return queued_ + in_flight_ + unseen_bytes_ + partial_; }
    /// Others need the memory that its queue takes.
    void give_way();

    [[nodiscard]] PeerId id() const { return id_; }
    [[nodiscard]] bool outbound() const { return outbound_; }
    [[nodiscard]] bool is_open() const { return opened_; }  // the node knows of it
    [[nodiscard]] const NodeAddress& address() const { return address_; }
    [[nodiscard]] DialFault fault() const { return fault_; }
    [[nodiscard]] bool to_ban() const { return ban_; }

private:
    enum class State : std::uint8_t { upgrading, shaking, open, closing, gone };

    using Question = std::variant<GetHeaders, GetData, Mempool>;

    void on_upgraded() override;
    void on_frame(Bytes message) override;
    void on_written() override;
    void on_ended(std::string why) override;

    void shake(const Bytes& message);
    void hear(Bytes message);
    /// `bytes`: what the event came as.
    void post(PeerEvent event, std::size_t bytes = 0);
    /// Counts what is held now; false: there is no room for it.
    [[nodiscard]] bool hold();
    void read();
    void pump();
    void write(SharedBytes frame);
    void drop_what_waits();
    void ask(Question question);
    void answered();  // the first question
    /// The next frame that answers a question; none if no question waits.
    [[nodiscard]] std::optional<Bytes> serve();
    [[nodiscard]] std::optional<Bytes> answer(const GetHeaders& question);
    [[nodiscard]] std::optional<Bytes> answer(const GetData& question);
    [[nodiscard]] std::optional<Bytes> answer(const Mempool& question);

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
    std::deque<std::size_t> unseen_sizes_;  // of those events, in their order
    std::size_t unseen_bytes_ = 0;
    std::size_t partial_ = 0;          // bytes of a frame that is not whole
    std::uint64_t in_at_frame_ = 0;    // bytes that had come when the last one was
    MemoryBudget::Hold memory_;

    std::deque<SharedBytes> queue_;
    std::size_t queued_ = 0;     // bytes of the queue
    std::size_t in_flight_ = 0;  // bytes of what is being written

    std::deque<Question> questions_;
    std::size_t asked_ = 0;      // questions and items in them
    std::size_t at_item_ = 0;    // of the first question, a GetData
    std::vector<Item> missing_;  // ... what it asked for and is not here
    Bytes pool_cursor_;          // of the first question, a Mempool

    std::uint64_t last_in_ = 0, last_out_ = 0;
    Tick heard_ = 0;  // when bytes last came, or could not come
    Tick taken_ = 0;  // when bytes last went, or nothing waited
};

}  // namespace cairn::net::transport
