#include <bit>

#include "core/crypto/sha256.hpp"
#include "core/crypto/sha256_constants.hpp"

namespace cairn::sha256_impl {
namespace {

std::uint32_t read_big_endian(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           std::uint32_t{at[3]};
}

std::uint32_t choose(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return z ^ (x & (y ^ z));
}
std::uint32_t majority(std::uint32_t x, std::uint32_t y, std::uint32_t z) {
    return (x & y) | (z & (x | y));
}
std::uint32_t big_sigma0(std::uint32_t x) {
    return std::rotr(x, 2) ^ std::rotr(x, 13) ^ std::rotr(x, 22);
}
std::uint32_t big_sigma1(std::uint32_t x) {
    return std::rotr(x, 6) ^ std::rotr(x, 11) ^ std::rotr(x, 25);
}
std::uint32_t small_sigma0(std::uint32_t x) {
    return std::rotr(x, 7) ^ std::rotr(x, 18) ^ (x >> 3);
}
std::uint32_t small_sigma1(std::uint32_t x) {
    return std::rotr(x, 17) ^ std::rotr(x, 19) ^ (x >> 10);
}

}  // namespace

void transform_portable(Sha256::State& state, const std::uint8_t* blocks, std::size_t count) {
    for (; count > 0; --count, blocks += 64) {
        // The last 16 words of the schedule, as a ring; all of them are set by the next line.
        std::array<std::uint32_t, 16> w;  // NOLINT(cppcoreguidelines-pro-type-member-init)
        for (std::size_t t = 0; t < 16; ++t) w[t] = read_big_endian(blocks + 4 * t);

        auto [a, b, c, d, e, f, g, h] = state;
        for (std::size_t t = 0; t < 64; ++t) {
            if (t >= 16)
                w[t % 16] += small_sigma1(w[(t - 2) % 16]) + w[(t - 7) % 16] +
                             small_sigma0(w[(t - 15) % 16]);
            const std::uint32_t t1 =
                h + big_sigma1(e) + choose(e, f, g) + kRoundConstants[t] + w[t % 16];
            const std::uint32_t t2 = big_sigma0(a) + majority(a, b, c);
            h = g;
            g = f;
            f = e;
            e = d + t1;
            d = c;
            c = b;
            b = a;
            a = t1 + t2;
        }
        const Sha256::State add = {a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < 8; ++i) state[i] += add[i];
    }
}

}  // namespace cairn::sha256_impl
