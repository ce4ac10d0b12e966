#include "api/session/source.hpp"

#include <algorithm>

namespace cairn {

Source Source::of_v4(const std::array<std::uint8_t, 4>& address) {
    if (address[0] == 127) return loopback();
    Source source;
    source.bytes_[10] = source.bytes_[11] = 0xff;
    std::copy(address.begin(), address.end(), source.bytes_.begin() + 12);
    return source;
}

Source Source::of_v6(const std::array<std::uint8_t, 16>& address) {
    static constexpr std::array<std::uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                               0, 0, 0, 0, 0, 0, 0, 1};
    static constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0,    0,
                                                             0, 0, 0, 0, 0xff, 0xff};
    if (address == kLoopback) return loopback();
    if (std::equal(kMapped.begin(), kMapped.end(), address.begin()))
        return of_v4({address[12], address[13], address[14], address[15]});
    Source source;
    std::copy_n(address.begin(), 8, source.bytes_.begin());
    source.bytes_[15] = 1;  // keeps ::/64 apart from loopback's zeros
    return source;
}

}  // namespace cairn
