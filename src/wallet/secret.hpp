#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "core/base/bytes.hpp"

namespace cairn {

/// Overwrites memory in a way no optimiser removes.
void wipe(std::span<std::uint8_t> memory) noexcept;

/// Memory between guard pages, locked into RAM where the system's limit allows it, wiped when
/// freed. Null when memory runs out.
[[nodiscard]] void* locked_allocate(std::size_t size) noexcept;
void locked_free(void* memory) noexcept;

/// An allocator over locked memory, for objects that hold keys (`std::allocate_shared`).
template <class T>
struct LockedAllocator {
    using value_type = T;
    LockedAllocator() = default;
    template <class U>
    // NOLINTNEXTLINE(google-explicit-constructor): allocators convert to one another
    LockedAllocator(const LockedAllocator<U>& /*other*/) noexcept {}

    T* allocate(std::size_t count) {
        void* memory = locked_allocate(count * sizeof(T));
        if (memory == nullptr) throw std::bad_alloc{};
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t /*count*/) noexcept { locked_free(memory); }
    friend bool operator==(const LockedAllocator&, const LockedAllocator&) = default;
};

/// Bytes nobody else should see: locked in memory, wiped when they go. There is no way to stream,
/// compare or format them, on purpose; whoever needs them says `view()`. Empty after a move.
class SecretBytes {
public:
    SecretBytes() = default;
    /// `size` zero bytes.
    explicit SecretBytes(std::size_t size);
    /// A copy of `bytes`; wiping the original is the caller's.
    static SecretBytes copy_of(ByteView bytes);
    SecretBytes(const SecretBytes&) = delete;
    SecretBytes& operator=(const SecretBytes&) = delete;
    SecretBytes(SecretBytes&& other) noexcept
        : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
    SecretBytes& operator=(SecretBytes&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~SecretBytes() { locked_free(data_); }

    [[nodiscard]] ByteView view() const { return {data_, size_}; }
    [[nodiscard]] std::span<std::uint8_t> writable() { return {data_, size_}; }

private:
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

/// A text nobody else should see: a password, a token, a mnemonic. As SecretBytes.
class SecretText {
public:
    SecretText() = default;
    /// A copy of `text`; wiping the original is the caller's.
    explicit SecretText(std::string_view text) : bytes_{SecretBytes::copy_of(as_bytes(text))} {}
    explicit SecretText(SecretBytes bytes) : bytes_{std::move(bytes)} {}

    /// The text itself, for the one place that hashes it or hands it to its owner.
    [[nodiscard]] std::string_view reveal() const {
        // Never a null pointer: libsodium declares that it takes none, even with a length of zero.
        return size() == 0 ? std::string_view{""} : as_text(bytes_.view());
    }
    [[nodiscard]] std::size_t size() const { return bytes_.view().size(); }

private:
    SecretBytes bytes_;
};

}  // namespace cairn
