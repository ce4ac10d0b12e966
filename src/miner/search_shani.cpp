// Compiled with the flags for the SHA extensions; see core/crypto/sha256_shani.cpp.
#include "core/base/ensure.hpp"
#include "miner/search_kernel.hpp"

#if defined(__x86_64__) || defined(__i386__)
#ifndef __SHA__
#error "compile this file with -msha -msse4.1 -mssse3"
#endif

#include "core/crypto/sha256_shani_rounds.hpp"

namespace cairn::search_impl {
namespace {

namespace shani = sha256_impl::shani;

/// One nonce under way.
struct Attempt {
    shani::Lanes lanes;
    __m128i w[4];  // NOLINT(modernize-avoid-c-arrays)
};

/// Two attempts advance side by side: the instruction for two rounds takes four cycles but may
/// start every second one, so a single chain of rounds leaves the unit idle half of the time.
template <std::size_t kFrom, std::size_t kTo>
CAIRN_SHANI void rounds(Attempt& a, Attempt& b) {
    shani::group<kFrom>(a.lanes, a.w);
    shani::group<kFrom>(b.lanes, b.w);
    if constexpr (kFrom < kTo) rounds<kFrom + 1, kTo>(a, b);
}

/// The last 16 bytes of the header and the padding of 80.
CAIRN_SHANI Attempt first_hash(const shani::Lanes& midstate, __m128i tail, std::uint32_t nonce) {
    return {midstate,
            {_mm_insert_epi32(tail, static_cast<int>(__builtin_bswap32(nonce)), 3),
             _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000)), _mm_setzero_si128(),
             _mm_set_epi32(80 * 8, 0, 0, 0)}};
}

/// The first hash and the padding of 32 bytes.
CAIRN_SHANI Attempt second_hash(const Attempt& first, const shani::Lanes& midstate,
                                const shani::Lanes& initial) {
    const shani::Words hash = shani::to_words(shani::add(first.lanes, midstate));
    return {initial,
            {hash.first, hash.second, _mm_set_epi32(0, 0, 0, static_cast<int>(0x80000000)),
             _mm_set_epi32(32 * 8, 0, 0, 0)}};
}

/// The top 32 bits of the hash, read as a little-endian number: they are the state's last word,
/// which stands as f two rounds before the end, so the last two rounds need not be done.
CAIRN_SHANI std::uint32_t top_of_hash(const Attempt& attempt) {
    const __m128i w = shani::schedule(attempt.w[3], attempt.w[0], attempt.w[1], attempt.w[2]);
    const __m128i abef = _mm_sha256rnds2_epu32(attempt.lanes.cdgh, attempt.lanes.abef,
                                               _mm_add_epi32(w, shani::round_constants(15)));
    const auto f = static_cast<std::uint32_t>(_mm_cvtsi128_si32(abef));
    return __builtin_bswap32(f + sha256_impl::kInitialState[7]);
}

}  // namespace

std::optional<std::uint32_t> find_shani(const SearchInput& input, std::uint32_t first,
                                        std::uint64_t count) {
    const shani::Lanes midstate = shani::load_state(input.midstate.data());
    const shani::Lanes initial = shani::load_state(sha256_impl::kInitialState.data());
    const __m128i tail =
        _mm_set_epi32(0, static_cast<int>(input.tail[2]), static_cast<int>(input.tail[1]),
                      static_cast<int>(input.tail[0]));
    for (std::uint64_t i = 0; i < count; i += 2) {
        const std::uint32_t nonce = first + static_cast<std::uint32_t>(i);
        Attempt a = first_hash(midstate, tail, nonce);
        Attempt b = first_hash(midstate, tail, nonce + 1);
        rounds<0, 15>(a, b);
        a = second_hash(a, midstate, initial);
        b = second_hash(b, midstate, initial);
        rounds<0, 14>(a, b);
        if (top_of_hash(a) <= input.target_top) return nonce;
        if (top_of_hash(b) <= input.target_top && i + 1 < count) return nonce + 1;
    }
    return std::nullopt;
}

}  // namespace cairn::search_impl

#else

namespace cairn::search_impl {

std::optional<std::uint32_t> find_shani(const SearchInput&, std::uint32_t, std::uint64_t) {
    ENSURE(sha256_impl::has_shani());
    return std::nullopt;
}

}  // namespace cairn::search_impl

#endif
