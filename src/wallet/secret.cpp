#include "wallet/secret.hpp"

#include <sodium.h>

#include <algorithm>

#include "wallet/sodium.hpp"

namespace cairn {

void wipe(std::span<std::uint8_t> memory) noexcept { sodium_memzero(memory.data(), memory.size()); }

void* locked_allocate(std::size_t size) noexcept {
    require_sodium();
    return sodium_malloc(size);
}

void locked_free(void* memory) noexcept { sodium_free(memory); }

SecretBytes::SecretBytes(std::size_t size) : size_{size} {
    if (size == 0) return;
    data_ = LockedAllocator<std::uint8_t>{}.allocate(size);
    std::fill_n(data_, size, std::uint8_t{0});
}

SecretBytes SecretBytes::copy_of(ByteView bytes) {
    SecretBytes copy{bytes.size()};
    std::copy(bytes.begin(), bytes.end(), copy.writable().begin());
    return copy;
}

}  // namespace cairn
