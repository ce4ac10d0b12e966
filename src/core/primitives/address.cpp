#include "core/primitives/address.hpp"

#include <algorithm>

#include "core/crypto/bech32m.hpp"

namespace cairn {

std::string format_address(const Address& address, std::string_view prefix) {
    return bech32m_encode(prefix, to_five_bits(address.bytes));
}

std::optional<Address> parse_address(std::string_view text, std::string_view prefix) {
    const auto decoded = bech32m_decode(text);
    if (!decoded || decoded->prefix != prefix) return std::nullopt;
    const auto bytes = from_five_bits(decoded->values);
    Address address;
    if (!bytes || bytes->size() != address.bytes.size()) return std::nullopt;
    std::copy(bytes->begin(), bytes->end(), address.bytes.begin());
    return address;
}

}  // namespace cairn
