#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "api/http/admissions.hpp"
#include "api/http/answer_text.hpp"
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
/// seen. Answers of pipelined requests are gathered and written together, in order.
template <class Socket>
class Connection final : public AnswerSink,
                         public Tended,
                         public std::enable_shared_from_this<Connection<Socket>> {
public:
    Connection(std::shared_ptr<Loop> loop, Socket socket, Client client, Admissions::Slot slot)
        : loop_{std::move(loop)},
          socket_{std::move(socket)},
          client_{std::move(client)},
          slot_{std::move(slot)} {}

    void start() {
        place_ = loop_->add(this->shared_from_this());
        deadline_ = now() + loop_->config.head_deadline;
        advance();
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
                if (writing_ || at < deadline_) return;
                if (reader_.empty()) return close();
                return refuse_and_close({.status = 408, .detail = "The head took too long."});
            case State::body:
                if (!body_too_slow(at)) return;
                return refuse_and_close({.status = 408, .detail = "The body took too long."});
            case State::handling:
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

private:
    using Traits = SocketTraits<Socket>;
    enum class State { head, body, handling, streaming, closing, lingering, closed };
    static constexpr std::size_t kGathered = 64 * 1024;  // of answers not yet written

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
        read();
    }

    /// True: there may be more to do at once.
    bool step() {
        switch (state_) {
            case State::head:
                return !writing_ && out_.size() < kGathered && step_head();
            case State::body:
                return step_body();
            case State::streaming:
                return !writing_ && out_.empty() && !waiting_ && step_stream();
            default:
                return false;
        }
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
            return false;
        }
        request_.body = std::move(**body);
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
            if (input_ended_) close();
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
        asking_ = loop_->config.proxies.client_of(client_, head.headers);
        auto admitted = admit(head);
        if (!admitted) return refuse(std::move(admitted.error()), has_body);
        if (head.method == Method::options) return answer_options(*admitted, has_body);
        const RouteSpec& spec = *admitted->match.spec;
        if (head.content_length.value_or(0) > spec.limits.body)
            return refuse({.status = 413,
                           .detail = "The body is longer than the " +
                                     std::to_string(spec.limits.body) + " bytes of this route."},
                          true);
        const bool expects_continue = head.expects_continue;
        body_limit_ = spec.limits.body;
        allowed_time_ = spec.limits.deadline;
        request_ = Request{.head = std::move(head),
                           .client = asking_,
                           .body = {},
                           .route = admitted->match.route,
                           .parameters = std::move(admitted->match.parameters),
                           .caller = std::move(admitted->caller)};
        if (spec.peer_socket) return give_socket();
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
        if (loop_->draining() || input_ended_) stop_.request_stop();
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
        const bool bodiless = reply.status == 204 || reply.status == 304;
        append_head(out_, reply.status, reply.content_type, reply.headers,
                    bodiless ? BodyFraming::none : BodyFraming::length, reply.body.size(),
                    context());
        if (!bodiless && current_.method != Method::head) out_.append(reply.body);
        finish(reply.status);
    }

    void begin_stream(std::unique_ptr<Stream> stream) {
        if (current_.method == Method::head) {
            append_head(out_, 200, stream->content_type(), {}, BodyFraming::until_close, 0,
                        context());
            return finish(200);
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
            return send(Reply{.body = std::move(part),
                              .content_type = std::string{stream->content_type()}});
        if (current_.to_http_1_0) current_.keep_alive = false;
        framing_ = current_.to_http_1_0 ? BodyFraming::until_close : BodyFraming::chunked;
        append_head(out_, 200, stream->content_type(), {}, framing_, 0, context());
        append_part(part);
        stream_ = std::move(stream);
        state_ = State::streaming;
        waiting_ = part.empty();
        deadline_ = now() + loop_->config.heartbeat;
        busy_ = {};
        sent_ = 0;
    }

    void append_part(const std::string& part) {
        if (part.empty()) return;
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
        state_ = current_.keep_alive && !loop_->draining() ? State::head : State::closing;
        deadline_ =
            at + (reader_.empty() ? loop_->config.idle_deadline : loop_->config.head_deadline);
    }

    // The socket.

    void read() {
        if (reading_ || input_ended_ || state_ == State::closed || state_ == State::closing) return;
        if (state_ == State::lingering) reader_.discard();
        if (reader_.full()) return;
        reading_ = true;
        const auto room = reader_.room();
        socket_.async_read_some(
            boost::asio::buffer(room.data(), room.size()),
            [self = this->shared_from_this()](const boost::system::error_code& ec, std::size_t n) {
                self->on_read(ec, n);
            });
    }

    void on_read(const boost::system::error_code& ec, std::size_t n) {
        reading_ = false;
        if (state_ == State::closed) return;
        if (ec) {
            if (ec != boost::asio::error::eof || state_ == State::lingering) return close();
            // The client may have closed its half only, and still read.
            input_ended_ = true;
            if (state_ == State::handling) request_stop();
            if (state_ == State::streaming && waiting_) return close();
            return advance();
        }
        if (state_ == State::head && reader_.empty() && served_)
            deadline_ = now() + loop_->config.head_deadline;
        if (state_ == State::body) body_received_ += n;
        reader_.filled(n);
        advance();
    }

    void flush() {
        if (writing_ || out_.empty()) return;
        if (state_ != State::streaming) {
            busy_ = {};
            sent_ = 0;
        }
        sending_.swap(out_);
        sending_at_ = 0;
        writing_ = true;
        served_ = true;
        write_began_ = now();
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
        sending_at_ += n;
        sent_ += n;
        if (sending_at_ < sending_.size()) return write();
        sending_.clear();
        if (sending_.capacity() > 2 * kGathered) sending_ = {};
        writing_ = false;
        busy_ += now() - write_began_;
        if (state_ == State::head && reader_.empty())
            deadline_ = now() + loop_->config.idle_deadline;
        advance();
    }

    bool answer_too_slow(SteadyTime at) const {
        const auto busy = busy_ + (at - write_began_);
        const auto& config = loop_->config;
        return busy > config.answer_longest ||
               busy > config.grace + time_of(sent_, config.answer_rate);
    }
    bool body_too_slow(SteadyTime at) const {
        const auto& config = loop_->config;
        return at - body_began_ > config.grace + time_of(body_received_, config.body_rate);
    }
    static std::chrono::milliseconds time_of(std::size_t bytes, std::size_t rate) {
        return std::chrono::milliseconds{bytes * 1000 / rate};
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
        loop_->remove(place_);
        request_stop();
    }

    static constexpr std::string_view kAllMethods = "GET, HEAD, POST, DELETE, OPTIONS";

    const std::shared_ptr<Loop> loop_;
    Socket socket_;
    const Client client_;
    Client asking_ = client_;  // of the request: another than the socket's behind a proxy
    Admissions::Slot slot_;
    Loop::Place place_;

    State state_ = State::head;
    bool advancing_ = false;
    bool input_ended_ = false;
    bool served_ = false;  // something was answered: what comes next is a later request
    SteadyTime deadline_;  // of the state

    RequestReader reader_;
    bool reading_ = false;
    std::size_t body_limit_ = 0;
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
    SteadyTime write_began_;
    SteadyTime::duration busy_{};  // time this answer spent on being written
    std::size_t sent_ = 0;         // and its bytes
};

}  // namespace cairn::http
