#include "core/primitives/codec.hpp"

namespace cairn {

std::size_t varint_size(std::uint64_t value) {
    if (value < 0xfd) return 1;
    if (value <= 0xffff) return 3;
    return value <= 0xffffffff ? 5 : 9;
}

Writer& Writer::varint(std::uint64_t value) {
    switch (varint_size(value)) {
        case 1:
            return integer(static_cast<std::uint8_t>(value));
        case 3:
            return integer(std::uint8_t{0xfd}).integer(static_cast<std::uint16_t>(value));
        case 5:
            return integer(std::uint8_t{0xfe}).integer(static_cast<std::uint32_t>(value));
        default:
            return integer(std::uint8_t{0xff}).integer(value);
    }
}

ByteView Reader::raw(std::size_t size) {
    if (!ok_ || size > rest_.size()) {
        ok_ = false;
        return {};
    }
    const ByteView view = rest_.first(size);
    rest_ = rest_.subspan(size);
    return view;
}

std::uint64_t Reader::varint() {
    const auto first = integer<std::uint8_t>();
    std::uint64_t value = first;
    std::size_t size = 1;
    if (first == 0xfd) {
        value = integer<std::uint16_t>();
        size = 3;
    } else if (first == 0xfe) {
        value = integer<std::uint32_t>();
        size = 5;
    } else if (first == 0xff) {
        value = integer<std::uint64_t>();
        size = 9;
    }
    if (varint_size(value) != size) ok_ = false;
    return ok_ ? value : 0;
}

ByteView Reader::bytes() {
    const std::uint64_t size = varint();
    if (size > rest_.size()) ok_ = false;  // before any cast could narrow it
    return raw(ok_ ? static_cast<std::size_t>(size) : 0);
}

}  // namespace cairn
