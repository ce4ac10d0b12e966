#include "core/crypto/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace cairn {
namespace {

using sha256_impl::kInitialState;

constexpr std::size_t kBlock = 64;
constexpr std::size_t kLengthSize = 8;

void write_big_endian(std::uint64_t value, std::uint8_t* at) {
    for (unsigned i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

void write_state(const Sha256::State& state, std::uint8_t* at) {
    for (std::size_t i = 0; i < state.size(); ++i) {
        at[4 * i] = static_cast<std::uint8_t>(state[i] >> 24);
        at[4 * i + 1] = static_cast<std::uint8_t>(state[i] >> 16);
        at[4 * i + 2] = static_cast<std::uint8_t>(state[i] >> 8);
        at[4 * i + 3] = static_cast<std::uint8_t>(state[i]);
    }
}

Hash256 digest_of(const Sha256::State& state) {
    Hash256 digest;
    write_state(state, digest.bytes.data());
    return digest;
}

/// SHA-256 of the 32 bytes that a state stands for: always one block.
Hash256 hash_again(const Sha256::State& first) {
    std::array<std::uint8_t, kBlock> block{};
    write_state(first, block.data());
    block[32] = 0x80;
    write_big_endian(std::uint64_t{32} * 8, block.data() + kBlock - kLengthSize);
    Sha256::State state = kInitialState;
    sha256_impl::best_transform()(state, block.data(), 1);
    return digest_of(state);
}

/// The state after `data` and its padding.
Sha256::State hash_once(ByteView data) {
    Sha256::State state = kInitialState;
    const auto transform = sha256_impl::best_transform();
    const std::size_t whole = data.size() / kBlock;
    if (whole > 0) transform(state, data.data(), whole);

    const ByteView rest = data.subspan(whole * kBlock);
    std::array<std::uint8_t, 2 * kBlock> tail{};
    std::copy(rest.begin(), rest.end(), tail.begin());
    tail[rest.size()] = 0x80;
    const std::size_t blocks = rest.size() + 1 + kLengthSize <= kBlock ? 1 : 2;
    write_big_endian(std::uint64_t{data.size()} * 8, tail.data() + blocks * kBlock - kLengthSize);
    transform(state, tail.data(), blocks);
    return state;
}

}  // namespace

Sha256::Sha256() : state_{kInitialState} {}

Sha256& Sha256::write(ByteView data) {
    const auto transform = sha256_impl::best_transform();
    const std::size_t held = length_ % kBlock;
    length_ += data.size();
    if (held > 0) {
        const std::size_t taken = std::min(kBlock - held, data.size());
        std::copy_n(data.begin(), taken, buffer_.begin() + static_cast<std::ptrdiff_t>(held));
        data = data.subspan(taken);
        if (held + taken < kBlock) return *this;
        transform(state_, buffer_.data(), 1);
    }
    const std::size_t whole = data.size() / kBlock;
    if (whole > 0) transform(state_, data.data(), whole);
    data = data.subspan(whole * kBlock);
    std::copy(data.begin(), data.end(), buffer_.begin());
    return *this;
}

Hash256 Sha256::finish() {
    static constexpr std::array<std::uint8_t, kBlock> kPadding = {0x80};
    std::array<std::uint8_t, kLengthSize> bits{};
    write_big_endian(length_ * 8, bits.data());
    const std::size_t held = length_ % kBlock;
    const std::size_t end = held + 1 + kLengthSize <= kBlock ? kBlock : 2 * kBlock;
    write(ByteView{kPadding}.first(end - kLengthSize - held));
    write(bits);
    return digest_of(state_);
}

Hash256 sha256(ByteView data) { return digest_of(hash_once(data)); }

Hash256 sha256d(ByteView data) { return hash_again(hash_once(data)); }

Hash256 sha256d_pair(const std::array<std::uint8_t, 32>& left,
                     const std::array<std::uint8_t, 32>& right) {
    std::array<std::uint8_t, 2 * kBlock> padded{};
    std::copy(left.begin(), left.end(), padded.begin());
    std::copy(right.begin(), right.end(), padded.begin() + 32);
    padded[kBlock] = 0x80;
    write_big_endian(kBlock * 8, padded.data() + 2 * kBlock - kLengthSize);
    Sha256::State state = kInitialState;
    sha256_impl::best_transform()(state, padded.data(), 2);
    return hash_again(state);
}

Sha256 tagged_sha256(std::string_view tag) {
    const Hash256 tag_hash = sha256(as_bytes(tag));
    Sha256 hasher;
    hasher.write(tag_hash.bytes).write(tag_hash.bytes);
    return hasher;
}

namespace sha256_impl {

bool has_shani() {
#if defined(__x86_64__) || defined(__i386__)
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return false;
    const bool ssse3 = (ecx & bit_SSSE3) != 0;
    const bool sse41 = (ecx & bit_SSE4_1) != 0;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
    const bool sha = (ebx & bit_SHA) != 0;
    return ssse3 && sse41 && sha;
#else
    return false;
#endif
}

Transform best_transform() {
    static const Transform best = has_shani() ? transform_shani : transform_portable;
    return best;
}

}  // namespace sha256_impl

}  // namespace cairn
