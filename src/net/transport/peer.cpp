#include "net/transport/peer.hpp"

#include <algorithm>
#include <utility>

#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/protocol/pieces.hpp"
#include "net/serve/serve.hpp"

namespace cairn::net::transport {

Peer::Peer(PeerHost& host, PeerId id, bool outbound, NodeAddress address, IpBytes ip, Tick deadline)
    : host_{host},
      id_{id},
      outbound_{outbound},
      address_{std::move(address)},
      ip_{ip},
      deadline_{deadline},
      serving_{host.shares(outbound).answers, host.now()},
      talk_{host.shares(outbound).talk, host.now()} {}

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
    post(PeerOpened{id_, std::move(hello)}, sizeof(Hello));
}

// What it says.

void Peer::on_frame(Bytes message) {
    reading_ = false;
    partial_ = 0;
    in_at_frame_ = traffic_->in;
    if (state_ == State::shaking)
        shake(message);
    else if (state_ == State::open)
        hear(std::move(message));
    read();
}

void Peer::hear(Bytes frame) {
    const std::size_t size = frame.size();
    auto message = decode(std::move(frame), max_block_, socket_->protocol());
    if (!message) return close(CloseCode::protocol_error, std::move(message.error()), true);
    if (!solicited_.take(*message)) talk_.spend(cost_of(*message));
    if (answers_.take(*message)) return pump();
    auto pieces = in_pieces(std::move(*message));
    for (Message& piece : pieces) post(PeerSaid{id_, std::move(piece)}, size / pieces.size());
}

void Peer::post(PeerEvent event, std::size_t size) {
    if (state_ != State::open) return;
    ++unseen_;
    unseen_sizes_.push_back(size);
    unseen_bytes_ += size;
    count_held();
    if (!host_.post(id_, std::move(event)))
        close(CloseCode::going_away, "this node has more to do than it can");
}

void Peer::on_seen(bool seen) {
    --unseen_;
    unseen_bytes_ -= unseen_sizes_.front();
    unseen_sizes_.pop_front();
    count_held();
    if (!seen) return close(CloseCode::going_away, "this node had to open its store anew");
    if (!std::exchange(settled_, true) && state_ == State::open) {
        host_.on_settled(*this);
        answers_.begin();
        pump();
    }
    read();
}

void Peer::count_held() {
    const std::size_t now = queued_ + in_flight_ + unseen_bytes_ + partial_;
    host_.count_held(static_cast<std::ptrdiff_t>(now) - static_cast<std::ptrdiff_t>(held_));
    held_ = now;
}

void Peer::favour() {
    serving_.move_to(host_.shares(true).answers);
    talk_.move_to(host_.shares(true).talk);
}

void Peer::read() {
    if (reading_ || (state_ != State::shaking && state_ != State::open)) return;
    // A frame that is being written does not count: two that send each other a long block would
    // wait for each other.
    if (unseen_ >= kUnseenMax || queued_ > limits::kSendQueuePause || answers_.is_full()) return;
    if (unseen_bytes_ >= kUnseenBytesMax || (unseen_ > 0 && host_.is_crowded())) return;
    if (host_.is_busy()) return;
    if (state_ == State::open && !talk_.has_credit(host_.now())) return;
    reading_ = true;
    socket_->read(state_ == State::open ? max_frame(max_block_) : kHandshakeFrameMax);
}

// What it is told.

void Peer::send(SharedBytes frame) {
    if (state_ != State::open && state_ != State::shaking) return;
    if (state_ == State::open) solicited_.note_sent(*frame);
    queued_ += frame->size();
    queue_.push_back(std::move(frame));
    count_held();
    // A block of an unusual chain may be longer than the bound by itself.
    if (queued_ + in_flight_ >
        std::max(limits::kSendQueueBytes, in_flight_ + limits::kSendQueuePause)) {
        // A Close would wait behind all that it does not read.
        return cut("it does not read what it is sent");
    }
    pump();
}

void Peer::cut(std::string why) {
    if (state_ == State::gone) return;
    if (why_.empty()) why_ = std::move(why);
    state_ = State::closing;
    drop_what_waits();
    socket_->abort();
}

void Peer::pump() {
    if (writing_ || (state_ != State::open && state_ != State::shaking)) return;
    if (!queue_.empty()) {
        SharedBytes frame = std::move(queue_.front());
        queue_.pop_front();
        queued_ -= frame->size();
        return write(std::move(frame));
    }
    if (auto frame = serve()) {
        serving_.spend(cost_of_answer(*frame));
        write(std::make_shared<const Bytes>(std::move(*frame)));
    }
}

void Peer::write(SharedBytes frame) {
    writing_ = true;
    in_flight_ = frame->size();
    count_held();
    socket_->write(std::move(frame));
}

void Peer::on_written() {
    writing_ = false;
    in_flight_ = 0;
    count_held();
    pump();
    read();
}

void Peer::drop_what_waits() {
    queue_.clear();
    answers_.clear();
    queued_ = 0;
    count_held();
}

// What it asks.

std::optional<Bytes> Peer::serve() {
    if (answers_.empty() || serves_later_ || !serving_.has_credit(host_.now())) return std::nullopt;
    const ViewPtr view = host_.view();
    auto part = answers_.next(Staged{view->store});
    if (part.frame || !part.more) return std::move(part.frame);
    if (part.apart) {
        serves_later_ = true;
        host_.apart([view, apart = *part.apart] { return frame_of(Staged{view->store}, apart); },
                    [weak = weak_from_this()](PeerHost::Made frame) {
                        const auto self = weak.lock();
                        if (!self || self->answers_.empty()) return;  // it is about to end
                        self->serves_later_ = false;
                        self->answers_.give(std::move(frame));
                        self->pump();
                    });
        return std::nullopt;
    }
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
    host_.on_ending(*this);
    if (upgraded)
        socket_->close(code, why_);
    else
        socket_->abort();
}

void Peer::on_ended(std::string why) {
    if (state_ == State::gone) return;
    state_ = State::gone;
    drop_what_waits();
    in_flight_ = unseen_bytes_ = 0;
    count_held();
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
    partial_ = reading_ ? in - in_at_frame_ : 0;
    count_held();
    if (std::exchange(last_in_, in) != in || !reading_) heard_ = now;
    if (std::exchange(last_out_, out) != out || !writing_) taken_ = now;
    // Who has waited for its share may have credit again.
    pump();
    read();
    if (now >= taken_ + host_.options().stuck_within) {
        cut("it does not read what it is sent");
    } else if (now >= heard_ + host_.options().silent_within) {
        close(CloseCode::policy, "it has been silent for too long");
    }
}

}  // namespace cairn::net::transport
