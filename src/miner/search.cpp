#include "miner/search.hpp"

#include <algorithm>

#include "core/consensus/target.hpp"
#include "miner/search_kernel.hpp"

namespace cairn {
namespace search_impl {
namespace {

constexpr std::uint64_t kNonces = std::uint64_t{1} << 32;
constexpr std::size_t kMidstateSize = 64;

std::uint32_t read_word(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           std::uint32_t{at[3]};
}

}  // namespace

SearchInput prepare(const BlockHeader& header, const U256& target) {
    const auto bytes = encode(header);
    SearchInput input;
    input.midstate = sha256_impl::kInitialState;
    sha256_impl::best_transform()(input.midstate, bytes.data(), 1);
    for (std::size_t i = 0; i < input.tail.size(); ++i)
        input.tail[i] = read_word(bytes.data() + kMidstateSize + 4 * i);
    input.target_top = static_cast<std::uint32_t>((target >> 224).low64());
    return input;
}

std::optional<std::uint32_t> search_with(Kernel kernel, const BlockHeader& header, NonceRange range,
                                         const U256& target) {
    const SearchInput input = prepare(header, target);
    const std::uint64_t end = range.first + std::min(range.count, kNonces - range.first);
    BlockHeader candidate = header;
    for (std::uint64_t next = range.first; next < end; next = std::uint64_t{candidate.nonce} + 1) {
        const auto nonce = kernel(input, static_cast<std::uint32_t>(next), end - next);
        if (!nonce) break;
        candidate.nonce = *nonce;
        if (meets(hash_of(candidate), target)) return nonce;
    }
    return std::nullopt;
}

}  // namespace search_impl

std::optional<std::uint32_t> search(const BlockHeader& header, NonceRange range,
                                    const U256& target) {
    static const search_impl::Kernel best =
        sha256_impl::has_shani() ? search_impl::find_shani : search_impl::find_portable;
    return search_impl::search_with(best, header, range, target);
}

}  // namespace cairn
