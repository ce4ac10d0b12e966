#include "net/peers/reach.hpp"

namespace cairn::net {

std::optional<IpBytes> ip_of(const Hello& hello) {
    return hello.ip ? hello.ip : parse_ip(hello.address.host);
}

AddressClass class_of_peer(const Hello& hello) {
    const auto ip = ip_of(hello);
    return ip ? class_of(*ip) : AddressClass::public_range;
}

std::optional<NodeAddress> listening_address(const Hello& hello) {
    const auto ip = ip_of(hello);
    const std::uint16_t port = hello.outbound ? hello.address.port : hello.listens_on;
    if (!ip || port == 0 || is_forbidden_port(port)) return std::nullopt;
    return NodeAddress{ip_to_string(*ip), port};
}

bool may_pass(const NodeAddress& address, AddressClass peer) {
    const auto ip = parse_ip(address.host);
    if (!ip || is_forbidden_port(address.port)) return false;
    switch (class_of(*ip)) {
        case AddressClass::loopback:
            return peer == AddressClass::loopback;
        case AddressClass::private_range:
            return peer == AddressClass::loopback || peer == AddressClass::private_range;
        case AddressClass::public_range:
            return true;
        case AddressClass::forbidden:
            break;
    }
    return false;
}

std::optional<Bytes> network_group(const IpBytes& ip) {
    if (class_of(ip) != AddressClass::public_range) return std::nullopt;
    const bool is_v4 = ip_to_string(ip).find(':') == std::string::npos;
    const auto* from = ip.data() + (is_v4 ? 12 : 0);
    return Bytes(from, from + (is_v4 ? 2 : 4));
}

Bytes source_group(const IpBytes& ip) {
    return network_group(ip).value_or(Bytes(ip.begin(), ip.end()));
}

std::optional<Bytes> network_group(const NodeAddress& address) {
    const auto ip = parse_ip(address.host);
    return ip ? network_group(*ip) : std::nullopt;
}

}  // namespace cairn::net
