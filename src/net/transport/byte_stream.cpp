#include "net/transport/byte_stream.hpp"

#include <algorithm>
#include <cstring>

namespace cairn::net::transport {

using boost::system::error_code;

void ByteStream::spend(std::size_t bytes) {
    traffic_->in += bytes;
    if (budget_ == SIZE_MAX) return;
    budget_ -= bytes;
    if (budget_ > 0 || !when_spent_) return;
    budget_ = kGrace;
    boost::asio::post(executor_, std::exchange(when_spent_, nullptr));
}

void ByteStream::read(boost::asio::mutable_buffer into, TransferHandler handler) {
    const auto complete_later = [&](error_code ec, std::size_t n) {
        boost::asio::post(executor_,
                          [held = std::move(handler), ec, n]() mutable { std::move(held)(ec, n); });
    };
    if (budget_ == 0) return complete_later(boost::asio::error::no_buffer_space, 0);
    into = boost::asio::buffer(into, budget_);
    if (!before_.empty()) {
        const std::size_t n = std::min(into.size(), before_.size());
        std::memcpy(into.data(), before_.data(), n);
        before_.erase(0, n);
        spend(n);
        return complete_later({}, n);
    }
    link_->read_some(into, [this, held = std::move(handler)](error_code ec, std::size_t n) mutable {
        spend(n);
        std::move(held)(ec, n);
    });
}

void ByteStream::write(const Gathered& from, TransferHandler handler) {
    link_->write_some(from,
                      [this, held = std::move(handler)](error_code ec, std::size_t n) mutable {
                          traffic_->out += n;
                          std::move(held)(ec, n);
                      });
}

void ByteStream::end(boost::asio::any_completion_handler<void(error_code)> handler) {
    link_->end_output();
    linger_.expires_after(kLinger);
    linger_.async_wait([weak = std::weak_ptr{link_}](error_code ec) {
        const auto link = weak.lock();
        if (!ec && link) link->close();
    });
    drain(std::move(handler));
}

void ByteStream::drain(boost::asio::any_completion_handler<void(error_code)> handler) {
    link_->read_some(boost::asio::buffer(drained_),
                     [this, held = std::move(handler)](error_code ec, std::size_t) mutable {
                         if (!ec) return drain(std::move(held));
                         linger_.cancel();
                         link_->close();
                         std::move(held)(error_code{});
                     });
}

void beast_close_socket(ByteStream& stream) { stream.close(); }

void teardown(boost::beast::role_type /*role*/, ByteStream& stream, error_code& ec) {
    stream.close();
    ec = {};
}

}  // namespace cairn::net::transport
