#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/bytes.hpp"
#include "core/primitives/digest.hpp"

namespace cairn {

/// SHA-256 (FIPS 180-4). The compression function uses the CPU's SHA extensions where it has them,
/// chosen once at run time, and portable code elsewhere.
class Sha256 {
public:
    using State = std::array<std::uint32_t, 8>;

    Sha256();
    Sha256& write(ByteView data);
    /// The digest of all that was written; the object is spent.
    [[nodiscard]] Hash256 finish();

private:
    State state_;
    std::array<std::uint8_t, 64> buffer_{};
    std::uint64_t length_ = 0;  // bytes
};

[[nodiscard]] Hash256 sha256(ByteView data);
/// H(x) of docs/consensus.md: SHA-256 twice.
[[nodiscard]] Hash256 sha256d(ByteView data);
/// H of 64 bytes `left ‖ right`: the inner node of a Merkle tree.
[[nodiscard]] Hash256 sha256d_pair(const std::array<std::uint8_t, 32>& left,
                                   const std::array<std::uint8_t, 32>& right);
/// A hasher that has taken SHA-256(tag) twice already: BIP340's tagged hash.
[[nodiscard]] Sha256 tagged_sha256(std::string_view tag);

/// The compression functions themselves, for the miner and for the tests that hold one to the
/// other.
namespace sha256_impl {
using Transform = void (*)(Sha256::State& state, const std::uint8_t* blocks, std::size_t count);
inline constexpr Sha256::State kInitialState = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
void transform_portable(Sha256::State& state, const std::uint8_t* blocks, std::size_t count);
void transform_shani(Sha256::State& state, const std::uint8_t* blocks, std::size_t count);
/// Whether this CPU has the SHA extensions (and SSSE3 and SSE4.1).
[[nodiscard]] bool has_shani();
/// The better of the two on this CPU.
[[nodiscard]] Transform best_transform();
}  // namespace sha256_impl

}  // namespace cairn
