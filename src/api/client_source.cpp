#include "api/client_source.hpp"

#include <arpa/inet.h>

namespace cairn {

Source source_of(const http::Client& client) {
    if (client.loopback) return Source::loopback();
    std::array<std::uint8_t, 4> v4{};
    if (inet_pton(AF_INET, client.address.c_str(), v4.data()) == 1) return Source::of_v4(v4);
    std::array<std::uint8_t, 16> v6{};  // what is no address at all shares the unspecified one
    inet_pton(AF_INET6, client.address.c_str(), v6.data());
    return Source::of_v6(v6);
}

}  // namespace cairn
