#include "net/transport/dialler.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace cairn::net::transport {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kCandidatesMax = 4;

/// The addresses of a name, without repetition. Blocks.
std::vector<IpBytes> resolve(const std::string& host) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (getaddrinfo(host.c_str(), nullptr, &hints, &list) != 0) return {};
    std::vector<IpBytes> out;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
        IpBytes ip{};
        if (one->ai_family == AF_INET6) {
            sockaddr_in6 address{};
            std::memcpy(&address, one->ai_addr, sizeof address);
            std::memcpy(ip.data(), &address.sin6_addr, ip.size());
        } else if (one->ai_family == AF_INET) {
            sockaddr_in address{};
            std::memcpy(&address, one->ai_addr, sizeof address);
            ip[10] = ip[11] = 0xff;
            std::memcpy(ip.data() + 12, &address.sin_addr, 4);
        } else {
            continue;
        }
        if (std::ranges::find(out, ip) == out.end()) out.push_back(ip);
    }
    freeaddrinfo(list);
    return out;
}

boost::asio::ip::address to_asio(const IpBytes& ip) {
    const boost::asio::ip::address_v6 address{ip};
    if (address.is_v4_mapped())
        return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address);
    return address;
}

std::string sentence_of(error_code ec) {
    if (ec == boost::asio::error::connection_refused) return "nobody listens there";
    return "it cannot be reached: " + ec.message();
}

}  // namespace

void Dialler::start() {
    if (const auto ip = parse_ip(to_.host)) return on_resolved({*ip});
    try {
        std::thread{[weak = weak_from_this(), line = line_, host = to_.host] {
            line->post([weak, found = resolve(host)]() mutable {
                if (const auto self = weak.lock()) self->on_resolved(std::move(found));
            });
        }}.detach();
    } catch (const std::system_error&) {
        finish(fail("the machine has no thread left to look the name " + to_.host + " up"));
    }
}

void Dialler::on_resolved(std::vector<IpBytes> found) {
    if (!done_) return;
    if (found.empty()) return finish(fail("the name " + to_.host + " is not known"));
    for (const IpBytes& ip : found)
        if (class_of(ip) != AddressClass::forbidden && candidates_.size() < kCandidatesMax)
            candidates_.push_back(ip);
    last_error_ = "it leads to " + ip_to_string(found.front()) + ", where no node may be";
    try_next();
}

void Dialler::try_next() {
    if (next_ == candidates_.size()) return finish(fail(last_error_));
    const IpBytes ip = candidates_[next_++];
    error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(tcp::endpoint{to_asio(ip), to_.port},
                          [self = shared_from_this(), ip](error_code ec) {
                              if (!self->done_) return;
                              if (!ec) return self->finish(Dialled{std::move(self->socket_), ip});
                              self->last_error_ = sentence_of(ec);
                              self->try_next();
                          });
}

void Dialler::give_up(std::string why) {
    if (!done_) return;
    error_code ignored;
    socket_.close(ignored);
    finish(fail(std::move(why)));
}

void Dialler::finish(DialOutcome outcome) {
    // The one called may drop this.
    const auto self = shared_from_this();
    const auto done = std::exchange(done_, nullptr);
    if (done) done(std::move(outcome));
}

}  // namespace cairn::net::transport
