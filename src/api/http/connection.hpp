#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/http/admissions.hpp"
#include "api/http/answer_pace.hpp"
#include "api/http/answer_text.hpp"
#include "api/http/leave_probe.hpp"
#include "api/http/loop.hpp"
#include "api/http/request_reader.hpp"

namespace cairn::http {

/// What a connection asks of its kind of socket beside Asio's own functions; a specialisation has
///     static std::unique_ptr<TakenSocket> give_away(Socket&);
///     static void half_close(Socket&);  // sends the end, still reads
///     static void close(Socket&);
///     static void abort(Socket&);       // the other side sees a reset, not an end
template <class Socket>
struct SocketTraits;

/// One connection, on one loop's thread.
///
///     head -> body -> handling -> (streaming) -> head ...
///       \______\_________\____________\-> closing -> lingering -> closed
///
/// `advance` moves it as far as what was read and written allows; every event ends there. One read
/// is kept open while there is room, also while a handler works: that is how a client's leaving is
/// seen. One that ends its input only is not gone (leave_probe.hpp). Answers of pipelined requests
/// are gathered and written together, in order.
///
/// What it has read and not yet sent is held of the loop's budgets; what does not fit is a 503.
template <class Socket>
class Connection final : public AnswerSink,
                         public Tended,
                         public std::enable_shared_from_this<Connection<Socket>> {
public:
    Connection(std::shared_ptr<Loop> loop, Socket socket, Client client, Admissions::Slot slot)
        : loop_{std::move(loop)},
          socket_{std::move(socket)},
          client_{std::move(client)},
          slot_{std::move(slot)},
          held_input_{loop_->memory.requests()},
          held_output_{loop_->memory.answers()} {}

    void start() {
        place_ = loop_->add(this->shared_from_this());
        deadline_ = now() + loop_->config.head_deadline;
        advance();
    }

    /// Instead of a start.
    void turn_away(const Problem& problem) {
        Traits::write_at_once(socket_, whole_answer(problem));
        Traits::half_close(socket_);
    }

    void deliver(std::uint64_t serial, Answer answer) noexcept override {
        if (loop_->runs_here()) return on_answer(serial, std::move(answer));
        loop_->post([self = this->shared_from_this(), serial, held = std::move(answer)]() mutable {
            self->on_answer(serial, std::move(held));
        });
    }

    void tend(SteadyTime at) override {
        if (writing_ && answer_too_slow(at)) return cut();
        switch (state_) {
            case State::head:
                if (writing_ || (at < deadline_ && !is_late_under_pressure(at))) return;
                if (reader_.empty()) return close();
                return refuse_and_close({.status = 408, .detail = "The head took too long."});
            case State::body:
                if (!body_too_slow(at)) return;
                return refuse_and_close({.status = 408, .detail = "The body took too long."});
            case State::handling:
                if (input_ended_) probe(at);
                if (at < deadline_) return;
                if (std::exchange(overdue_, true))
                    return refuse_and_close({.status = 503, .detail = "The answer took too long."});
                deadline_ = at + loop_->config.overdue;
                return request_stop();
            case State::streaming:
                if (waiting_ && at >= deadline_) on_wake();
                return;
            case State::lingering:
                if (at >= deadline_) close();
                return;
            case State::closing:
            case State::closed:
                return;
        }
    }

    void drain() override {
        if (state_ == State::head && reader_.empty() && !writing_) return close();
        if (state_ == State::streaming && waiting_) return cut();
        if (state_ == State::handling) request_stop();
    }

    void cut() override {
        if (state_ == State::closed) return;
        Traits::abort(socket_);
        close();
    }

    void work() override {
        asked_for_turn_ = false;
        has_turn_ = true;
        advance();
        has_turn_ = false;
    }

    [[nodiscard]] const std::string* may_give_way() const override {
        return known_ || state_ == State::handling ? nullptr : &client_.address;
    }
    void give_way() override {
        // Nothing was asked for, or not yet the whole of it: it is told why, if it listens.
        if (!writing_ && (state_ == State::body || !reader_.empty()))
            Traits::write_at_once(socket_, whole_answer(no_place_problem()));
        state_ == State::streaming || writing_ ? cut() : close();
    }

private:
    using Traits = SocketTraits<Socket>;
    enum class State { head, body, handling, streaming, closing, lingering, closed };
    static constexpr std::size_t kGathered = 64 * 1024;  // of answers not yet written
    // What is a connection's own (kConnectionBytes), whatever the budgets say: so those who
    // ask for little are answered however much others hold.
    static constexpr std::size_t kSmallInput = 4 * 1024;
    static constexpr std::size_t kSmallRequest = 2 * 1024;
    static constexpr std::size_t kSmallAnswer = 2 * 1024;
    static constexpr std::size_t kAnswerHead = 1024;
    static constexpr std::size_t kBodyRead = 32 * 1024;  // of a body at once
    // A stream's part as it waits for the socket, and what it keeps besides.
    static constexpr std::size_t kStreamBytes = 40 * 1024;

    static SteadyTime now() { return std::chrono::steady_clock::now(); }

    // Moving on.

    void advance() {
        if (advancing_) return;
        advancing_ = true;
        while (step()) {
        }
        advancing_ = false;
        if (state_ == State::closed) return;
        flush();
        if (state_ == State::closing && !writing_) begin_linger();
        // A head that waits for its turn may ask for the socket, which no read may be open on then.
        if (state_ != State::head || !asked_for_turn_) read();
    }

    /// True: there may be more to do at once.
    bool step() {
        switch (state_) {
            case State::head:
                return !writing_ && out_.size() < kGathered && !postponed(loop_->is_turn_over()) &&
                       step_head();
            case State::body:
                return step_body();
            case State::streaming:
                return !writing_ && out_.empty() && !waiting_ &&
                       !postponed(!std::exchange(has_turn_, false)) && step_stream();
            default:
                return false;
        }
    }

    /// Waits for a turn if it has to; true: it does.
    bool postponed(bool has_to) {
        if (has_to && !std::exchange(asked_for_turn_, true))
            loop_->ask_for_turn(this->shared_from_this());
        return has_to;
    }

    bool step_head() {
        auto head = reader_.read_head();
        if (!head) {
            current_ = Current{.started = now()};
            refuse(std::move(head.error()), true);
            return true;
        }
        if (!*head) {
            if (input_ended_) state_ = State::closing;
            return false;
        }
        on_head(std::move(**head));
        return true;
    }

    bool step_body() {
        auto body = reader_.read_body(body_limit_);
        if (!body) {
            refuse(std::move(body.error()), true);
            return true;
        }
        if (!*body) {
            if (input_ended_) state_ = State::closing;
            if (state_ == State::body && !hold_request(reader_.body_held(), 1)) {
                refuse(no_memory(), true);
                return true;
            }
            return false;
        }
        request_.body = std::move(**body);
        if (!hold_request(request_.body.capacity(), memory_per_byte_)) {
            request_.body = {};
            refuse(no_memory(), false);
            return true;
        }
        dispatch();
        return true;
    }

    bool step_stream() {
        std::string part;
        const auto more = stream_->next(part);
        if (!more) {
            // Ending it here would look like the whole.
            cut();
            return false;
        }
        append_part(part);
        if (*more && part.empty()) {
            waiting_ = true;
            deadline_ = now() + loop_->config.heartbeat;
            return false;
        }
        if (!*more) {
            if (framing_ == BodyFraming::chunked) out_.append("0\r\n\r\n");
            stream_.reset();
            finish(200);
        }
        return true;
    }

    // A request.

    /// What is remembered of the request that is being answered.
    struct Current {
        Method method = Method::other;
        bool to_http_1_0 = false;
        bool keep_alive = false;
        std::vector<Header> cors = {};
        std::string path = {};
        SteadyTime started = {};
    };

    void on_head(RequestHead head) {
        current_ = Current{.method = head.method,
                           .to_http_1_0 = head.minor_version == 0,
                           .keep_alive = head.keep_alive && !loop_->draining(),
                           .path = head.path(),
                           .started = now()};
        const bool has_body = head.has_body();
        head_bytes_ = reader_.head_length();
        asking_ = loop_->config.proxies.client_of(client_, head.headers);
        auto admitted = admit(head);
        if (!admitted) return refuse(std::move(admitted.error()), has_body);
        if (head.method == Method::options) return answer_options(*admitted, has_body);
        const RouteSpec& spec = *admitted->match.spec;
        if (admitted->caller && admitted->caller->known) recognise();
        if (slot_.in_reserve() && !known_ && !spec.vital && !spec.peer_socket)
            return refuse(no_place_problem(), true);
        if (head.content_length.value_or(0) > spec.limits.body)
            return refuse({.status = 413,
                           .detail = "The body is longer than the " +
                                     std::to_string(spec.limits.body) + " bytes of this route."},
                          true);
        const bool expects_continue = head.expects_continue;
        body_limit_ = spec.limits.body;
        memory_per_byte_ = spec.limits.memory_per_byte;
        allowed_time_ = spec.limits.deadline;
        request_ = Request{.head = std::move(head),
                           .client = asking_,
                           .body = {},
                           .route = admitted->match.route,
                           .parameters = std::move(admitted->match.parameters),
                           .caller = std::move(admitted->caller),
                           .memory = MemoryBudget::Hold{loop_->memory.requests(known_)}};
        if (spec.peer_socket) return give_socket();
        if (!hold_request(0, 1)) return refuse(no_memory(), has_body);
        if (!has_body) {
            reader_.skip_head();
            return dispatch();
        }
        if (expects_continue) out_.append("HTTP/1.1 100 Continue\r\n\r\n");
        state_ = State::body;
        body_began_ = now();
        body_received_ = 0;
    }

    struct Admitted {
        Match match;
        std::shared_ptr<const Caller> caller;
    };
    /// Everything that can be refused before a body is read, Host and Origin first.
    Result<Admitted, Problem> admit(const RequestHead& head) {
        Result<Match, Problem> match =
            head.asterisk ? Match{.allow = kAllMethods} : loop_->handler.lookup(head);
        GuardRoute route;
        if (match && match->spec != nullptr) {
            route.changes = match->spec->changes && head.method != Method::options;
            route.peer_socket = match->spec->peer_socket;
        }
        if (match) route.allow = match->allow;
        auto verdict = guard(head, asking_, loop_->config.guard, route);
        current_.cors = std::move(verdict.headers);
        if (verdict.refused) return fail(std::move(*verdict.refused));
        if (!match) return fail(std::move(match.error()));
        if (head.method == Method::options) return Admitted{std::move(*match), nullptr};
        auto caller = loop_->handler.authorise(head, asking_, *match);
        if (!caller) return fail(std::move(caller.error()));
        return Admitted{std::move(*match), std::move(*caller)};
    }

    void answer_options(const Admitted& admitted, bool has_body) {
        if (has_body)
            current_.keep_alive = false;
        else
            reader_.skip_head();
        send(Reply{.status = 204, .headers = {{"Allow", std::string{admitted.match.allow}}}});
    }

    void give_socket() {
        // Bytes of other requests or answers under way cannot change hands.
        if (!request_.head.wants_websocket || reading_ || writing_ || !out_.empty())
            return refuse({.status = 400,
                           .detail = "A WebSocket upgrade is expected here, first on "
                                     "its connection."},
                          true);
        auto taken = Traits::give_away(socket_);
        taken->read = reader_.take_all();
        state_ = State::closed;
        slot_ = {};
        const auto self = this->shared_from_this();
        loop_->remove(place_);
        loop_->handler.take(std::move(request_), std::move(taken));
    }

    void dispatch() {
        state_ = State::handling;
        overdue_ = false;
        deadline_ = now() + allowed_time_;
        stop_ = std::stop_source{};
        if (loop_->draining()) stop_.request_stop();
        if (input_ended_) probe_.begin(now());
        loop_->handler.handle(std::move(request_), stop_.get_token(),
                              Responder{this->shared_from_this(), serial_});
    }

    void request_stop() {
        auto stop = stop_;  // a callback may answer, and the next request replace the source
        stop.request_stop();
    }

    // Its answer.

    void on_answer(std::uint64_t serial, Answer answer) {
        if (serial != serial_ || state_ != State::handling) return;
        if (auto* reply = std::get_if<Reply>(&answer))
            send(std::move(*reply));
        else if (auto* problem = std::get_if<Problem>(&answer))
            send(to_reply(*problem));
        else
            begin_stream(std::move(std::get<std::unique_ptr<Stream>>(answer)));
        advance();
    }

    /// `unread`: part of the request is still to come and nobody will read it.
    void refuse(Problem problem, bool unread) {
        if (unread)
            current_.keep_alive = false;
        else
            reader_.skip_head();
        send(to_reply(problem));
    }
    /// In the states head, body and handling.
    void refuse_and_close(Problem problem) {
        if (state_ == State::head) current_ = Current{.started = now()};
        refuse(std::move(problem), true);
        advance();
    }

    AnswerContext context() {
        return {.date = loop_->date(),
                .cors = &current_.cors,
                .to_http_1_0 = current_.to_http_1_0,
                .close = !current_.keep_alive || loop_->draining()};
    }

    void send(const Reply& reply) {
        if (!hold_answer(reply.body.size() + kAnswerHead)) {
            current_.keep_alive = false;
            return write_reply(to_reply(no_memory()));
        }
        write_reply(reply);
    }

    void write_reply(const Reply& reply) {
        const bool bodiless = reply.status == 204 || reply.status == 304;
        write_head(reply.status, reply.content_type, reply.headers,
                   bodiless ? BodyFraming::none : BodyFraming::length, reply.body.size());
        if (!bodiless && current_.method != Method::head) out_.append(reply.body);
        finish(reply.status);
    }

    void write_head(unsigned status, std::string_view type, const std::vector<Header>& headers,
                    BodyFraming framing, std::size_t length) {
        const std::size_t begin = out_.size();
        append_head(out_, status, type, headers, framing, length, context());
        out_.erase(begin, probe_.end());
    }

    void begin_stream(std::unique_ptr<Stream> stream) {
        if (current_.method == Method::head) {
            write_head(200, stream->content_type(), stream->headers(), BodyFraming::until_close, 0);
            return finish(200);
        }
        if (!hold_answer(kStreamBytes + stream->held())) {
            current_.keep_alive = false;
            return write_reply(to_reply(no_memory()));
        }
        stream->attach([weak = this->weak_from_this(), loop = loop_] {
            loop->post([weak] {
                if (const auto self = weak.lock()) self->on_wake();
            });
        });
        std::string part;
        const auto more = stream->next(part);
        if (!more)
            return send(to_reply(
                {.status = 503, .detail = "The store could not be read: " + more.error().detail}));
        if (!*more)
            return write_reply(Reply{.body = std::move(part),
                                     .content_type = std::string{stream->content_type()},
                                     .headers = stream->headers()});
        if (current_.to_http_1_0) current_.keep_alive = false;
        framing_ = current_.to_http_1_0 ? BodyFraming::until_close : BodyFraming::chunked;
        write_head(200, stream->content_type(), stream->headers(), framing_, 0);
        append_part(part);
        stream_ = std::move(stream);
        state_ = State::streaming;
        waiting_ = part.empty();
        deadline_ = now() + loop_->config.heartbeat;
        pace_.begin(loop_->config.grace);
    }

    void append_part(const std::string& part) {
        if (part.empty()) return;
        out_.reserve(out_.size() + part.size() + kChunkFrame);
        if (framing_ == BodyFraming::chunked)
            append_chunk(out_, part);
        else
            out_.append(part);
    }

    void on_wake() {
        if (state_ != State::streaming || !waiting_) return;
        waiting_ = false;
        advance();
    }

    void finish(unsigned status) {
        const auto at = now();
        loop_->handler.answered(
            {.method = current_.method,
             .path = std::move(current_.path),
             .client = asking_.address,
             .status = status,
             .took = std::chrono::duration_cast<std::chrono::microseconds>(at - current_.started)});
        ++serial_;
        request_ = {};
        head_bytes_ = 0;
        state_ = current_.keep_alive && !loop_->draining() ? State::head : State::closing;
        deadline_ =
            at + (reader_.empty() ? loop_->config.idle_deadline : loop_->config.head_deadline);
    }

    // The socket.

    void read() {
        if (reading_ || input_ended_ || state_ == State::closed || state_ == State::closing) return;
        if (state_ == State::lingering) reader_.discard();
        if (state_ != State::body && reader_.empty()) reader_.shrink();
        if (reader_.full()) return;
        const std::size_t wanted = state_ == State::body ? read_at_once() : 0;
        if (!held_input_.resize(beyond(kSmallInput, reader_.size_for(wanted)))) return starve();
        reading_ = true;
        const auto room = reader_.room(wanted);
        socket_.async_read_some(
            boost::asio::buffer(room.data(), room.size()),
            [self = this->shared_from_this()](const boost::system::error_code& ec, std::size_t n) {
                self->on_read(ec, n);
            });
    }

    /// Of a body. Pipelined requests behind it are not what it is sized for.
    [[nodiscard]] std::size_t read_at_once() const {
        return std::min<std::size_t>(kBodyRead, request_.head.content_length.value_or(kBodyRead));
    }

    /// There is no memory to read on with. What is being answered goes on.
    void starve() {
        if (state_ == State::lingering) return close();
        if (state_ == State::head || state_ == State::body) refuse_and_close(no_memory());
    }

    void on_read(const boost::system::error_code& ec, std::size_t n) {
        reading_ = false;
        if (state_ == State::closed) return;
        if (ec) {
            if (ec != boost::asio::error::eof || state_ == State::lingering) return close();
            on_input_ended();
            return advance();
        }
        if (state_ != State::lingering) loop_->touch(place_);
        if (state_ == State::head && reader_.empty() && served_)
            deadline_ = now() + loop_->config.head_deadline;
        if (state_ == State::body) body_received_ += n;
        reader_.filled(n);
        advance();
    }

    /// It may have closed its half only, and still read. A reset says that it does not.
    void on_input_ended() {
        input_ended_ = true;
        if (state_ == State::handling) probe_.begin(now());
        socket_.async_wait(Socket::wait_error,
                           [weak = this->weak_from_this()](const boost::system::error_code& ec) {
                               const auto self = weak.lock();
                               if (self && !ec) self->close();
                           });
    }

    void probe(SteadyTime at) {
        if (writing_ || !out_.empty() || !probe_.is_due(at)) return;
        out_ += probe_.take(at);
        flush();
    }

    void flush() {
        if (writing_ || out_.empty()) return;
        if (state_ != State::streaming) pace_.begin(loop_->config.grace);
        sending_ = std::move(out_);
        out_ = {};
        sending_at_ = 0;
        writing_ = true;
        served_ = true;
        pace_.wait_from(now());
        write();
    }

    void write() {
        socket_.async_write_some(
            boost::asio::buffer(sending_.data() + sending_at_, sending_.size() - sending_at_),
            [self = this->shared_from_this()](const boost::system::error_code& ec, std::size_t n) {
                self->on_written(ec, n);
            });
    }

    void on_written(const boost::system::error_code& ec, std::size_t n) {
        if (state_ == State::closed) return;
        if (ec) return close();
        const auto& config = loop_->config;
        pace_.taken(now(), n, config.answer_rate, config.grace);
        loop_->touch(place_);
        sending_at_ += n;
        if (sending_at_ < sending_.size()) return write();
        sending_ = {};
        sending_at_ = 0;
        writing_ = false;
        if (!stream_ && out_.empty()) held_output_.clear();
        if (state_ == State::head && reader_.empty())
            deadline_ = now() + loop_->config.idle_deadline;
        advance();
    }

    bool answer_too_slow(SteadyTime at) const {
        const auto& config = loop_->config;
        return pace_.is_too_slow(at, loop_->under_pressure() ? config.grace / 8 : config.grace,
                                 config.answer_longest);
    }
    bool body_too_slow(SteadyTime at) const {
        const auto& config = loop_->config;
        const bool pressed = loop_->under_pressure() && !known_;
        const auto grace = pressed ? config.grace / 8 : config.grace;
        const std::size_t rate = pressed ? config.answer_rate : config.body_rate;
        return at - body_began_ > grace + time_of(body_received_, rate);
    }
    /// Places and memory are short, and it uses what it has for nothing.
    bool is_late_under_pressure(SteadyTime at) const {
        if (!loop_->under_pressure() || known_) return false;
        const auto& config = loop_->config;
        const auto allowed =
            reader_.empty() && served_ ? config.idle_deadline : config.head_deadline;
        return at >= deadline_ - allowed + allowed / 8;
    }
    static std::chrono::milliseconds time_of(std::size_t bytes, std::size_t rate) {
        return std::chrono::milliseconds{bytes * 1000 / rate};
    }

    // Memory.

    [[nodiscard]] static std::size_t beyond(std::size_t own, std::size_t bytes) {
        return bytes - std::min(own, bytes);
    }
    /// Holds what a request costs: its head, and `per_byte` times its body.
    [[nodiscard]] bool hold_request(std::size_t body, std::size_t per_byte) {
        return request_.memory.resize(
            beyond(kSmallRequest, head_bytes_ * kHeadFactor + body * per_byte));
    }
    /// Holds `bytes` of an answer beside what waits already. Small ones are the connection's own.
    [[nodiscard]] bool hold_answer(std::size_t bytes) {
        const std::size_t waits = out_.size() + sending_.size();
        if (waits + bytes <= kSmallAnswer) return true;
        return held_output_.resize(waits + bytes);
    }
    [[nodiscard]] Problem no_memory() {
        loop_->tell_limit(kNoMemory);
        return no_memory_problem();
    }
    /// Its client has shown a token: what is kept for such is there for it from now on.
    void recognise() {
        if (std::exchange(known_, true)) return;
        if (held_output_.bytes() == 0)
            held_output_ = MemoryBudget::Hold{loop_->memory.answers(true)};
        MemoryBudget::Hold input{loop_->memory.requests(true)};
        if (input.resize(held_input_.bytes())) held_input_ = std::move(input);
    }
    [[nodiscard]] std::string whole_answer(const Problem& problem) {
        std::string text;
        const Reply reply = to_reply(problem);
        append_head(text, reply.status, reply.content_type, reply.headers, BodyFraming::length,
                    reply.body.size(), {.close = true});
        return text + reply.body;
    }

    /// The last answer has been written; closing at once could take it back from the client.
    void begin_linger() {
        Traits::half_close(socket_);
        if (input_ended_) return close();
        state_ = State::lingering;
        deadline_ = now() + loop_->config.linger;
    }

    void close() {
        if (state_ == State::closed) return;
        state_ = State::closed;
        const auto self = this->shared_from_this();
        Traits::close(socket_);
        stream_.reset();
        slot_ = {};
        held_output_.clear();
        held_input_.clear();
        loop_->remove(place_);
        request_stop();
    }

    static constexpr std::string_view kAllMethods = "GET, HEAD, POST, DELETE, OPTIONS";
    static constexpr std::size_t kChunkFrame = 32;  // size line, ends, the last chunk
    // Headers, path and query as values cost more than their text.
    static constexpr std::size_t kHeadFactor = 4;

    const std::shared_ptr<Loop> loop_;
    Socket socket_;
    const Client client_;
    Client asking_ = client_;  // of the request: another than the socket's behind a proxy
    Admissions::Slot slot_;
    Loop::Place place_;
    // The connection, and what was read and not yet used: of the whole budget until a body shows
    // whose it is. Others give way if need be.
    MemoryBudget::Hold held_input_;
    MemoryBudget::Hold held_output_;  // what was answered and not yet sent
    bool known_ = false;              // its client has shown a token

    State state_ = State::head;
    bool advancing_ = false;
    bool asked_for_turn_ = false;
    bool has_turn_ = false;
    bool input_ended_ = false;
    bool served_ = false;  // something was answered: what comes next is a later request
    SteadyTime deadline_;  // of the state

    RequestReader reader_;
    bool reading_ = false;
    std::size_t head_bytes_ = 0;  // of the request's head
    std::size_t body_limit_ = 0;
    std::size_t memory_per_byte_ = 1;
    SteadyTime body_began_;
    std::size_t body_received_ = 0;

    Current current_;
    Request request_;
    std::uint64_t serial_ = 0;
    std::stop_source stop_;
    std::chrono::milliseconds allowed_time_{0};
    bool overdue_ = false;  // the deadline has passed once

    std::unique_ptr<Stream> stream_;
    BodyFraming framing_ = BodyFraming::chunked;
    bool waiting_ = false;  // the stream has nothing for now

    std::string out_;      // answers that wait
    std::string sending_;  // what is being written
    std::size_t sending_at_ = 0;
    bool writing_ = false;
    AnswerPace pace_;
    LeaveProbe probe_;
};

}  // namespace cairn::http
