#pragma once

#include <array>
#include <compare>
#include <cstdint>

namespace cairn {

/// Where a log-in comes from, as far as log-ins tell sources apart: an IPv4 address, an IPv6 /64
/// (one subscriber's share), or this machine, which is one source however it is written.
class Source {
public:
    static Source loopback() { return Source{}; }
    static Source of_v4(const std::array<std::uint8_t, 4>& address);
    static Source of_v6(const std::array<std::uint8_t, 16>& address);

    [[nodiscard]] bool is_loopback() const { return *this == loopback(); }
    friend auto operator<=>(const Source&, const Source&) = default;

private:
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d; all zero: loopback
};

}  // namespace cairn
