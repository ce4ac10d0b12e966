#include "model/bytes.hpp"

namespace model {

std::string hex(View bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    for (const auto byte : bytes) {
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

std::string shown(const Bytes32& hash) {
    Bytes32 reversed = hash;
    std::ranges::reverse(reversed);
    return hex(reversed);
}

Writer& Writer::integer(std::uint64_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
}

Writer& Writer::varint(std::uint64_t value) {
    if (value < 0xfd) return integer(value, 1);
    if (value <= 0xffff) return u8(0xfd).integer(value, 2);
    if (value <= 0xffffffff) return u8(0xfe).integer(value, 4);
    return u8(0xff).integer(value, 8);
}

Writer& Writer::raw(View bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    return *this;
}

Writer& Writer::text(std::string_view text) { return bytes(Bytes(text.begin(), text.end())); }

std::uint64_t Reader::integer(unsigned size) {
    std::uint64_t value = 0;
    const View taken = raw(size);
    for (std::size_t i = 0; i < taken.size(); ++i) value |= std::uint64_t{taken[i]} << (8 * i);
    return value;
}

std::uint64_t Reader::varint() {
    const auto first = u8();
    if (first < 0xfd) return first;
    const unsigned size = first == 0xfd ? 2 : first == 0xfe ? 4 : 8;
    const std::uint64_t least = first == 0xfd ? 0xfd : first == 0xfe ? 0x10000 : 0x100000000;
    const auto value = integer(size);
    if (value < least) fail();
    return good_ ? value : 0;
}

View Reader::raw(std::uint64_t size) {
    if (!good_ || size > bytes_.size() - position_) {
        fail();
        return {};
    }
    const View out = bytes_.subspan(position_, static_cast<std::size_t>(size));
    position_ += out.size();
    return out;
}

Bytes Reader::bytes() {
    const View taken = raw(varint());
    return {taken.begin(), taken.end()};
}

}  // namespace model
