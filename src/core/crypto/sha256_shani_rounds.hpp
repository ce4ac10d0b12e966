#pragma once

// The steps of SHA-256 in the SHA extensions of x86. Only for files compiled with -msha -msse4.1
// -mssse3. Everything is `static` and always inlined: no copy may be shared with files compiled
// without them.

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

#include "core/crypto/sha256_constants.hpp"

namespace cairn::sha256_impl::shani {

#define CAIRN_SHANI [[gnu::always_inline]] static inline

/// The state as the instructions want it: words (f, e, b, a) and (h, g, d, c), lowest lane first.
struct Lanes {
    __m128i abef;
    __m128i cdgh;
};

CAIRN_SHANI Lanes load_state(const std::uint32_t* state) {
    const __m128i dcba = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
    const __m128i hgfe = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));
    const __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
    const __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

/// The state as eight words in their order, as a message of the next hash wants them.
struct Words {
    __m128i first;
    __m128i second;
};

CAIRN_SHANI Words to_words(const Lanes& lanes) {
    const __m128i feba = _mm_shuffle_epi32(lanes.abef, 0x1b);
    const __m128i dchg = _mm_shuffle_epi32(lanes.cdgh, 0xb1);
    return {_mm_blend_epi16(feba, dchg, 0xf0), _mm_alignr_epi8(dchg, feba, 8)};
}

CAIRN_SHANI void store_state(const Lanes& lanes, std::uint32_t* state) {
    const Words words = to_words(lanes);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state), words.first);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), words.second);
}

CAIRN_SHANI Lanes add(const Lanes& a, const Lanes& b) {
    return {_mm_add_epi32(a.abef, b.abef), _mm_add_epi32(a.cdgh, b.cdgh)};
}

/// Four words of a message, which stand big-endian in memory.
CAIRN_SHANI __m128i load_words(const std::uint8_t* at) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    return _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), swap);
}

/// Words t..t+3 of the schedule from the sixteen before them, four to a vector.
CAIRN_SHANI __m128i schedule(__m128i w16, __m128i w12, __m128i w8, __m128i w4) {
    const __m128i partial =
        _mm_add_epi32(_mm_sha256msg1_epu32(w16, w12), _mm_alignr_epi8(w4, w8, 4));
    return _mm_sha256msg2_epu32(partial, w4);
}

CAIRN_SHANI __m128i round_constants(std::size_t group) {
    return _mm_load_si128(reinterpret_cast<const __m128i*>(kRoundConstants.data() + 4 * group));
}

/// Four rounds; `wk` is the sum of words and constants.
CAIRN_SHANI void four_rounds(Lanes& lanes, __m128i wk) {
    lanes.cdgh = _mm_sha256rnds2_epu32(lanes.cdgh, lanes.abef, wk);
    lanes.abef = _mm_sha256rnds2_epu32(lanes.abef, lanes.cdgh, _mm_shuffle_epi32(wk, 0x0e));
}

// Plain arrays: std::array of vectors draws a warning, and its functions would be shared with other
// files. NOLINTBEGIN(modernize-avoid-c-arrays)

/// Rounds 4·kGroup to 4·kGroup + 3. `w` is a ring of the last sixteen words.
template <std::size_t kGroup>
CAIRN_SHANI void group(Lanes& lanes, __m128i (&w)[4]) {
    if constexpr (kGroup >= 4)
        w[kGroup % 4] =
            schedule(w[kGroup % 4], w[(kGroup + 1) % 4], w[(kGroup + 2) % 4], w[(kGroup + 3) % 4]);
    four_rounds(lanes, _mm_add_epi32(w[kGroup % 4], round_constants(kGroup)));
}

/// Rounds 4·kFrom to 63.
template <std::size_t kFrom = 0>
CAIRN_SHANI void all_rounds(Lanes& lanes, __m128i (&w)[4]) {
    group<kFrom>(lanes, w);
    if constexpr (kFrom < 15) all_rounds<kFrom + 1>(lanes, w);
}

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace cairn::sha256_impl::shani
