#include "net/transport/peer.hpp"

#include <algorithm>
#include <utility>

#include "net/limits.hpp"
#include "net/protocol/codec.hpp"
#include "net/serve/serve.hpp"

namespace cairn::net::transport {
namespace {

/// Rows looked up in one go for a question whose items are not here.
constexpr std::size_t kMissingAtOnce = 64;

}  // namespace

Peer::Peer(PeerHost& host, PeerId id, bool outbound, NodeAddress address, IpBytes ip, Tick deadline)
    : host_{host},
      id_{id},
      outbound_{outbound},
      address_{std::move(address)},
      ip_{ip},
      deadline_{deadline},
      memory_{host.options().memory} {}

void Peer::attach(std::shared_ptr<WebSocket> socket, std::shared_ptr<Traffic> traffic) {
    socket_ = std::move(socket);
    traffic_ = std::move(traffic);
}

// The handshake.

void Peer::on_upgraded() {
    if (state_ != State::upgrading) return;
    state_ = State::shaking;
    handshake_.emplace(host_.introduce(), outbound_, address_, host_.now());
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
    auto message = decode(std::move(frame), max_block_);
    if (!message) return close(CloseCode::protocol_error, std::move(message.error()), true);
    if (auto* headers = std::get_if<GetHeaders>(&*message)) return ask(std::move(*headers));
    if (auto* items = std::get_if<GetData>(&*message)) return ask(std::move(*items));
    if (std::holds_alternative<Mempool>(*message)) return ask(Mempool{});
    post(PeerSaid{id_, std::move(*message)}, size);
}

void Peer::post(PeerEvent event, std::size_t bytes) {
    ++unseen_;
    unseen_sizes_.push_back(bytes);
    unseen_bytes_ += bytes;
    if (!host_.post(id_, std::move(event)))
        close(CloseCode::going_away, "this node has more to do than it can");
}

void Peer::on_seen(bool seen) {
    --unseen_;
    unseen_bytes_ -= unseen_sizes_.front();
    unseen_sizes_.pop_front();
    if (!seen) return close(CloseCode::going_away, "this node had to open its store anew");
    read();
}

void Peer::read() {
    if (reading_ || (state_ != State::shaking && state_ != State::open)) return;
    // A frame that is being written does not count: two that send each other a long block would
    // wait for each other.
    if (unseen_ >= kUnseenMax || queued_ > limits::kSendQueuePause || asked_ >= kAskedMax) return;
    if (unseen_bytes_ >= kUnseenBytes || host_.is_busy() || !hold()) return;
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
    if (!hold()) {
        host_.make_room();
        if (state_ != State::open && state_ != State::shaking) return;
        (void)hold();
    }
    pump();
}

bool Peer::hold() { return memory_.resize(held()); }

void Peer::give_way() {
    // A Close would wait behind all that it does not read.
    why_ = "it makes this node hold more than there is memory for";
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
    (void)hold();
    pump();
    read();
}

void Peer::drop_what_waits() {
    queue_.clear();
    questions_.clear();
    queued_ = asked_ = 0;
    (void)hold();
}

// What it asks.

void Peer::ask(Question question) {
    const auto* items = std::get_if<GetData>(&question);
    asked_ += 1 + (items != nullptr ? items->items.size() : 0);
    questions_.push_back(std::move(question));
    pump();
}

void Peer::answered() {
    const auto* items = std::get_if<GetData>(&questions_.front());
    asked_ -= 1 + (items != nullptr ? items->items.size() : 0);
    questions_.pop_front();
}

std::optional<Bytes> Peer::serve() {
    while (!questions_.empty()) {
        const auto before = questions_.size();
        auto frame =
            std::visit([this](auto& question) { return answer(question); }, questions_.front());
        if (frame) return frame;
        if (questions_.size() < before) continue;
        // A long question, and nothing of it is here so far: others have their turn.
        host_.later([weak = weak_from_this()] {
            if (const auto self = weak.lock()) self->pump();
        });
        break;
    }
    return std::nullopt;
}

std::optional<Bytes> Peer::answer(const GetHeaders& question) {
    Bytes frame = encode(Message{headers_after(Staged{host_.view()->store}, question)});
    answered();
    return frame;
}

std::optional<Bytes> Peer::answer(const GetData& question) {
    const Staged rows{host_.view()->store};
    for (std::size_t looked = 0; at_item_ < question.items.size(); ++looked) {
        if (looked == kMissingAtOnce) return std::nullopt;
        const Item& item = question.items[at_item_++];
        if (auto frame = frame_of(rows, item)) return frame;
        missing_.push_back(item);
    }
    at_item_ = 0;
    answered();
    NotFound message{std::exchange(missing_, {})};
    if (message.items.empty()) return std::nullopt;
    return encode(Message{std::move(message)});
}

std::optional<Bytes> Peer::answer(const Mempool& /*question*/) {
    const Inv part = pool_inventory(Staged{host_.view()->store}, pool_cursor_);
    if (pool_cursor_.empty()) answered();
    // An empty one too: that there is nothing (more) is what who asks is waiting for.
    return encode(Message{part});
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
    partial_ = reading_ ? in - in_at_frame_ : 0;
    if (!hold()) host_.make_room();
    if (state_ != State::open) return;
    read();
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
