#include "net/transport/peer.hpp"

#include <algorithm>
#include <utility>

#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/protocol/pieces.hpp"

namespace cairn::net::transport {

Peer::Peer(PeerHost& host, PeerId id, bool outbound, NodeAddress address, IpBytes ip, Tick deadline)
    : host_{host},
      id_{id},
      outbound_{outbound},
      address_{std::move(address)},
      ip_{ip},
      deadline_{deadline} {}

void Peer::attach(std::shared_ptr<WebSocket> socket, std::shared_ptr<Traffic> traffic) {
    socket_ = std::move(socket);
    traffic_ = std::move(traffic);
}

// The handshake.

void Peer::on_upgraded() {
    if (state_ != State::upgrading) return;
    state_ = State::shaking;
    Handshake::Ours ours = host_.introduce();
    ours.protocol = socket_->protocol();
    handshake_.emplace(std::move(ours), outbound_, address_, host_.now());
    write(std::make_shared<const Bytes>(handshake_->opening()));
    read();
}

void Peer::shake(const Bytes& message) {
    auto step = handshake_->on_frame(message, host_.now());
    if (!step) {
        fault_ = step.error().kind;
        return close(CloseCode::policy, std::move(step.error().why));
    }
    if (step->answer) send(std::make_shared<const Bytes>(std::move(*step->answer)));
    if (!step->done) return;
    handshake_.reset();
    state_ = State::open;
    max_block_ = host_.view()->chain->spec().max_block;
    heard_ = taken_ = host_.now();
    Hello hello = std::move(*step->done);
    hello.ip = ip_;
    opened_ = true;
    post(PeerOpened{id_, std::move(hello)});
}

// What it says.

void Peer::on_frame(Bytes message) {
    reading_ = false;
    if (state_ == State::shaking)
        shake(message);
    else if (state_ == State::open)
        hear(std::move(message));
    read();
}

void Peer::hear(Bytes frame) {
    auto message = decode(std::move(frame), max_block_, socket_->protocol());
    if (!message) return close(CloseCode::protocol_error, std::move(message.error()), true);
    if (answers_.take(*message)) return pump();
    for (Message& piece : in_pieces(std::move(*message)))
        if (state_ == State::open) post(PeerSaid{id_, std::move(piece)});
}

void Peer::post(PeerEvent event) {
    ++unseen_;
    if (!host_.post(id_, std::move(event)))
        close(CloseCode::going_away, "this node has more to do than it can");
}

void Peer::on_seen(bool seen) {
    --unseen_;
    if (!seen) return close(CloseCode::going_away, "this node had to open its store anew");
    read();
}

void Peer::read() {
    if (reading_ || (state_ != State::shaking && state_ != State::open)) return;
    // A frame that is being written does not count: two that send each other a long block would
    // wait for each other.
    if (unseen_ >= kUnseenMax || queued_ > limits::kSendQueuePause || answers_.is_full()) return;
    reading_ = true;
    socket_->read(state_ == State::open ? max_frame(max_block_) : kHandshakeFrameMax);
}

// What it is told.

void Peer::send(SharedBytes frame) {
    if (state_ != State::open && state_ != State::shaking) return;
    queued_ += frame->size();
    queue_.push_back(std::move(frame));
    // A block of an unusual chain may be longer than the bound by itself.
    if (queued_ + in_flight_ >
        std::max(limits::kSendQueueBytes, in_flight_ + limits::kSendQueuePause)) {
        // A Close would wait behind all that it does not read.
        why_ = "it does not read what it is sent";
        state_ = State::closing;
        drop_what_waits();
        return socket_->abort();
    }
    pump();
}

void Peer::pump() {
    if (writing_ || (state_ != State::open && state_ != State::shaking)) return;
    if (!queue_.empty()) {
        SharedBytes frame = std::move(queue_.front());
        queue_.pop_front();
        queued_ -= frame->size();
        return write(std::move(frame));
    }
    if (auto frame = serve()) write(std::make_shared<const Bytes>(std::move(*frame)));
}

void Peer::write(SharedBytes frame) {
    writing_ = true;
    in_flight_ = frame->size();
    socket_->write(std::move(frame));
}

void Peer::on_written() {
    writing_ = false;
    in_flight_ = 0;
    pump();
    read();
}

void Peer::drop_what_waits() {
    queue_.clear();
    answers_.clear();
    queued_ = 0;
}

// What it asks.

std::optional<Bytes> Peer::serve() {
    if (answers_.empty() || serves_later_) return std::nullopt;
    auto part = answers_.next(Staged{host_.view()->store});
    if (part.frame || !part.more) return std::move(part.frame);
    // A long question, and nothing to send so far: others have their turn.
    serves_later_ = true;
    host_.later([weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->serves_later_ = false;
        self->pump();
    });
    return std::nullopt;
}

// The end.

void Peer::close(CloseCode code, std::string why, bool ban) {
    if (state_ == State::closing || state_ == State::gone) return;
    const bool upgraded = state_ != State::upgrading;
    state_ = State::closing;
    why_ = std::move(why);
    ban_ = ban_ || ban;
    deadline_ = host_.now() + host_.options().close_within;
    drop_what_waits();
    if (upgraded)
        socket_->close(code, why_);
    else
        socket_->abort();
}

void Peer::on_ended(std::string why) {
    if (state_ == State::gone) return;
    state_ = State::gone;
    drop_what_waits();
    host_.on_gone(*this, why_.empty() ? why : why_);
}

void Peer::tend(Tick now) {
    switch (state_) {
        case State::upgrading:
        case State::shaking:
            if (now < deadline_) return;
            why_ = outbound_ ? "it did not finish the handshake in time"
                             : "its handshake took too long";
            state_ = State::closing;
            return socket_->abort();
        case State::closing:
            if (now >= deadline_) socket_->abort();
            return;
        case State::gone:
            return;
        case State::open:
            break;
    }
    const std::uint64_t in = traffic_->in;
    const std::uint64_t out = traffic_->out;
    if (std::exchange(last_in_, in) != in || !reading_) heard_ = now;
    if (std::exchange(last_out_, out) != out || !writing_) taken_ = now;
    if (now >= taken_ + host_.options().stuck_within) {
        why_ = "it does not read what it is sent";
        state_ = State::closing;
        socket_->abort();
    } else if (now >= heard_ + host_.options().silent_within) {
        close(CloseCode::policy, "it has been silent for too long");
    }
}

}  // namespace cairn::net::transport
