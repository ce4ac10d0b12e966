#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "api/http/server.hpp"

namespace cairn::http {

using boost::asio::ip::tcp;

Result<Listener, std::string> Listener::open(const std::string& address, std::uint16_t port) {
    boost::system::error_code ec;
    const auto parsed = boost::asio::ip::make_address(address, ec);
    if (ec) return fail("\"" + address + "\" is no address to listen on");
    tcp::endpoint endpoint{parsed, port};
    const auto failed = [&] {
        return fail("cannot listen on " + address + " port " + std::to_string(port) + ": " +
                    std::generic_category().message(errno));
    };
    Listener listener{::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0), 0,
                      parsed.is_v6()};
    if (listener.descriptor_ < 0) return failed();
    const int on = 1;
    ::setsockopt(listener.descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    auto size = static_cast<socklen_t>(endpoint.size());
    if (::bind(listener.descriptor_, endpoint.data(), size) != 0 ||
        ::listen(listener.descriptor_, boost::asio::socket_base::max_listen_connections) != 0 ||
        ::getsockname(listener.descriptor_, endpoint.data(), &size) != 0)
        return failed();
    listener.port_ = endpoint.port();
    return listener;
}

Listener::Listener(Listener&& other) noexcept
    : descriptor_{other.release()}, port_{other.port_}, v6_{other.v6_} {}

Listener::~Listener() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

int Listener::release() { return std::exchange(descriptor_, -1); }

}  // namespace cairn::http
