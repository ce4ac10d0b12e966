#pragma once

#include <algorithm>
#include <cstddef>

#include "core/consensus/checked.hpp"

namespace cairn {

/// What the heap takes for a block of `size` bytes: glibc's malloc keeps 8 bytes before it, rounds
/// up to 16 and gives no less than 32.
[[nodiscard]] constexpr std::size_t heap_size(std::size_t size) {
    return std::max<std::size_t>(32, (size + 8 + 15) / 16 * 16);
}
/// The same of an element in a std::map or std::set.
template <class Element>
[[nodiscard]] constexpr std::size_t tree_node_size() {
    constexpr std::size_t kLinks = 4 * sizeof(void*);
    return heap_size(kLinks + (sizeof(Element) + 7) / 8 * 8);
}

/// Bytes of memory that a transfer takes: the object, what counts its owners, and what it points
/// to.
[[nodiscard]] inline std::size_t memory_of(const CheckedTransfer& transfer) {
    constexpr std::size_t kOwners = 24;
    const auto heap = [](const Bytes& bytes) {
        return bytes.capacity() == 0 ? 0 : heap_size(bytes.capacity());
    };
    return heap_size(sizeof(CheckedTransfer)) + heap_size(kOwners) + heap(transfer.bytes()) +
           heap(transfer.value().data);
}

}  // namespace cairn
