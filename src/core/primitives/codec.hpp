#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>

#include "core/base/bytes.hpp"

namespace cairn {

/// Appends values in the encoding of docs/consensus.md: little-endian integers, shortest varints.
class Writer {
public:
    template <std::unsigned_integral T>
    Writer& integer(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i)
            out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }
    Writer& varint(std::uint64_t value);
    Writer& raw(ByteView bytes) {
        append(out_, bytes);
        return *this;
    }
    /// Varint length, then the data.
    Writer& bytes(ByteView data) { return varint(data.size()).raw(data); }
    [[nodiscard]] Bytes take() { return std::move(out_); }
    [[nodiscard]] const Bytes& view() const { return out_; }

private:
    Bytes out_;
};

/// Reads the same encoding. The first structural fault makes every further read fail; `ok()` tells.
/// Values come back zero or empty after a fault. Views point into the bytes that are read.
class Reader {
public:
    explicit Reader(ByteView bytes) : rest_{bytes} {}

    template <std::unsigned_integral T>
    T integer() {
        const ByteView view = raw(sizeof(T));
        T value = 0;
        for (std::size_t i = 0; i < view.size(); ++i)
            value = static_cast<T>(value | (static_cast<T>(view[i]) << (8 * i)));
        return value;
    }
    /// Fails on any but the shortest form.
    std::uint64_t varint();
    ByteView raw(std::size_t size);
    ByteView bytes();
    template <std::size_t N>
    std::array<std::uint8_t, N> array() {
        std::array<std::uint8_t, N> out{};
        const ByteView view = raw(N);
        std::copy(view.begin(), view.end(), out.begin());
        return out;
    }
    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    [[nodiscard]] bool finished() const { return ok_ && rest_.empty(); }
    [[nodiscard]] std::size_t remaining() const { return rest_.size(); }

private:
    ByteView rest_;
    bool ok_ = true;
};

/// Bytes that `Writer::varint` gives to a value: 1, 3, 5 or 9.
[[nodiscard]] std::size_t varint_size(std::uint64_t value);

/// Big-endian integers: keys of tables sort as their numbers do.
template <std::unsigned_integral T>
void append_big_endian(Bytes& out, T value) {
    for (std::size_t i = sizeof(T); i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
template <std::unsigned_integral T>
[[nodiscard]] T read_big_endian(ByteView view) {
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T) && i < view.size(); ++i)
        value = static_cast<T>((value << 8) | view[i]);
    return value;
}

}  // namespace cairn
