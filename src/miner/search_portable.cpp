#include "miner/search_kernel.hpp"

namespace cairn::search_impl {
namespace {

void write_word(std::uint32_t word, std::uint8_t* at) {
    for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(word >> (24 - 8 * i));
}

/// The last block of a message of `total_bytes`, all but the `held` bytes of it that stand there.
std::array<std::uint8_t, 64> padded_block(std::size_t held, std::uint32_t total_bytes) {
    std::array<std::uint8_t, 64> block{};
    block[held] = 0x80;
    write_word(total_bytes * 8, block.data() + 60);
    return block;
}

std::uint32_t byte_swapped(std::uint32_t word) {
    return word >> 24 | (word >> 8 & 0xff00) | (word << 8 & 0xff0000) | word << 24;
}

}  // namespace

std::optional<std::uint32_t> find_portable(const SearchInput& input, std::uint32_t first,
                                           std::uint64_t count) {
    auto rest = padded_block(16, BlockHeader::kSize);
    for (std::size_t i = 0; i < input.tail.size(); ++i)
        write_word(input.tail[i], rest.data() + 4 * i);
    auto inner = padded_block(32, 32);

    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint32_t nonce = first + static_cast<std::uint32_t>(i);
        write_word(byte_swapped(nonce), rest.data() + 12);
        auto state = input.midstate;
        sha256_impl::transform_portable(state, rest.data(), 1);
        for (std::size_t word = 0; word < state.size(); ++word)
            write_word(state[word], inner.data() + 4 * word);
        state = sha256_impl::kInitialState;
        sha256_impl::transform_portable(state, inner.data(), 1);
        if (byte_swapped(state[7]) <= input.target_top) return nonce;
    }
    return std::nullopt;
}

}  // namespace cairn::search_impl
