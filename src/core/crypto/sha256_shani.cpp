// Compiled with the flags for the SHA extensions, so nothing here may run before has_shani() said
// yes, and no inline function of any weight belongs here: the linker might keep this file's copy
// for all.
#include "core/base/ensure.hpp"
#include "core/crypto/sha256.hpp"

#if defined(__x86_64__) || defined(__i386__)
#ifndef __SHA__
#error "compile this file with -msha -msse4.1 -mssse3"
#endif

#include "core/crypto/sha256_shani_rounds.hpp"

namespace cairn::sha256_impl {

void transform_shani(Sha256::State& state, const std::uint8_t* blocks, std::size_t count) {
    shani::Lanes lanes = shani::load_state(state.data());
    for (; count > 0; --count, blocks += 64) {
        const shani::Lanes before = lanes;
        // NOLINTNEXTLINE(modernize-avoid-c-arrays)
        __m128i w[4] = {shani::load_words(blocks), shani::load_words(blocks + 16),
                        shani::load_words(blocks + 32), shani::load_words(blocks + 48)};
        shani::all_rounds(lanes, w);
        lanes = shani::add(lanes, before);
    }
    shani::store_state(lanes, state.data());
}

}  // namespace cairn::sha256_impl

#else

namespace cairn::sha256_impl {

void transform_shani(Sha256::State&, const std::uint8_t*, std::size_t) { ENSURE(has_shani()); }

}  // namespace cairn::sha256_impl

#endif
