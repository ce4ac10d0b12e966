#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace cairn::bench {

/// The least server that Boost.Beast makes: reads a request, answers with the same header fields
/// and body each time, looks at nothing. One io_context and thread for each of `threads`,
/// connections dealt out in turn.
class BareBeast {
public:
    using Fields = std::vector<std::pair<std::string, std::string>>;

    BareBeast(unsigned threads, Fields fields, std::string body)
        : fields_{std::move(fields)}, body_{std::move(body)} {
        for (unsigned i = 0; i < threads; ++i) loops_.push_back(std::make_unique<Loop>());
        acceptor_ = std::make_unique<Acceptor>(
            loops_[0]->context, Tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0});
        accept();
        for (auto& loop : loops_) loop->thread = std::thread{[&loop] { loop->context.run(); }};
    }
    ~BareBeast() {
        for (auto& loop : loops_) loop->context.stop();
        for (auto& loop : loops_) loop->thread.join();
        acceptor_.reset();
    }
    BareBeast(const BareBeast&) = delete;
    BareBeast& operator=(const BareBeast&) = delete;

    [[nodiscard]] std::uint16_t port() const { return acceptor_->local_endpoint().port(); }

private:
    using Tcp = boost::asio::ip::tcp;
    using Acceptor = Tcp::acceptor;
    using Body = boost::beast::http::string_body;

    struct Loop {
        boost::asio::io_context context{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
            context.get_executor()};
        std::thread thread;
    };

    struct Session : std::enable_shared_from_this<Session> {
        Session(const BareBeast& server_in, Tcp::socket socket)
            : server{server_in}, stream{std::move(socket)} {
            boost::system::error_code ignored;
            stream.socket().set_option(Tcp::no_delay{true}, ignored);
        }
        void read() {
            request = {};
            boost::beast::http::async_read(stream, buffer, request,
                                           [self = shared_from_this()](auto error, std::size_t) {
                                               if (!error) self->write();
                                           });
        }
        void write() {
            response = {boost::beast::http::status::ok, request.version()};
            for (const auto& [name, value] : server.fields_) response.set(name, value);
            response.keep_alive(request.keep_alive());
            response.body() = server.body_;
            response.prepare_payload();
            boost::beast::http::async_write(stream, response,
                                            [self = shared_from_this()](auto error, std::size_t) {
                                                if (!error) self->read();
                                            });
        }

        const BareBeast& server;
        boost::beast::tcp_stream stream;
        boost::beast::flat_buffer buffer;
        boost::beast::http::request<Body> request;
        boost::beast::http::response<Body> response;
    };

    void accept() {
        auto& loop = *loops_[next_++ % loops_.size()];
        acceptor_->async_accept(loop.context, [this](auto error, Tcp::socket socket) {
            if (error) return;
            const auto session = std::make_shared<Session>(*this, std::move(socket));
            boost::asio::post(session->stream.get_executor(), [session] { session->read(); });
            accept();
        });
    }

    Fields fields_;
    std::string body_;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::unique_ptr<Acceptor> acceptor_;
    std::size_t next_ = 0;
};

}  // namespace cairn::bench
