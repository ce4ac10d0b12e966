#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace model {

using Bytes = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;
using Bytes32 = std::array<std::uint8_t, 32>;  // internal order
__extension__ typedef unsigned __int128 Wide;  // sums of amounts never wrap in it

std::string hex(View bytes);
/// A hash as people see it: byte-reversed.
std::string shown(const Bytes32& hash);

/// Little-endian integers, shortest varints, `bytes` with their varint length.
class Writer {
public:
    Writer& u8(std::uint8_t value) { return integer(value, 1); }
    Writer& u32(std::uint32_t value) { return integer(value, 4); }
    Writer& u64(std::uint64_t value) { return integer(value, 8); }
    Writer& varint(std::uint64_t value);
    Writer& raw(View bytes);
    Writer& bytes(View bytes) { return varint(bytes.size()).raw(bytes); }
    Writer& text(std::string_view text);
    Bytes done() { return std::move(out_); }

private:
    Writer& integer(std::uint64_t value, unsigned size);
    Bytes out_;
};

/// Reads what Writer writes and nothing else; after the first failure all that is read is zero.
class Reader {
public:
    explicit Reader(View bytes) : bytes_{bytes} {}
    std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(integer(4)); }
    std::uint64_t u64() { return integer(8); }
    std::uint64_t varint();
    View raw(std::uint64_t size);
    Bytes bytes();
    template <std::size_t N>
    std::array<std::uint8_t, N> array() {
        std::array<std::uint8_t, N> out{};
        std::ranges::copy(raw(N), out.begin());
        return out;
    }
    std::size_t position() const { return position_; }
    bool good() const { return good_; }
    bool at_end() const { return good_ && position_ == bytes_.size(); }
    void fail() { good_ = false; }

private:
    std::uint64_t integer(unsigned size);
    View bytes_;
    std::size_t position_ = 0;
    bool good_ = true;
};

}  // namespace model
