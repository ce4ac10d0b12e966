#include "core/primitives/codec.hpp"

#include <gtest/gtest.h>

#include "core/base/hex.hpp"

namespace cairn {
namespace {

struct Varint {
    std::uint64_t value;
    const char* hex;
};
constexpr Varint kVarints[] = {{0, "00"},
                               {0xfc, "fc"},
                               {0xfd, "fdfd00"},
                               {0xffff, "fdffff"},
                               {0x10000, "fe00000100"},
                               {0xffffffff, "feffffffff"},
                               {0x100000000, "ff0000000001000000"},
                               {UINT64_MAX, "ffffffffffffffffff"}};

TEST(Varint, TakesTheShortestForm) {
    for (const auto& [value, hex] : kVarints) {
        Writer writer;
        EXPECT_EQ(to_hex(writer.varint(value).take()), hex);
        EXPECT_EQ(varint_size(value) * 2, std::string_view{hex}.size());
        const Bytes bytes = *from_hex(hex);
        Reader reader{bytes};
        EXPECT_EQ(reader.varint(), value);
        EXPECT_TRUE(reader.finished());
    }
}

TEST(Varint, AnyLongerFormIsRefused) {
    for (const char* hex : {"fd0000", "fdfc00", "fe00000000", "feffff0000", "ff0000000000000000",
                            "ffffffffff00000000"}) {
        const Bytes bytes = *from_hex(hex);
        Reader reader{bytes};
        EXPECT_EQ(reader.varint(), 0u) << hex;
        EXPECT_FALSE(reader.ok()) << hex;
    }
}

TEST(Varint, CutShortIsRefused) {
    for (const char* hex : {"", "fd", "fdfd", "fe000001", "ff00000000010000"}) {
        const Bytes bytes = *from_hex(hex);
        Reader reader{bytes};
        (void)reader.varint();
        EXPECT_FALSE(reader.ok()) << hex;
    }
}

TEST(Codec, IntegersAreLittleEndian) {
    Writer writer;
    writer.integer(std::uint8_t{1})
        .integer(std::uint16_t{2})
        .integer(std::uint32_t{3})
        .integer(std::uint64_t{4});
    EXPECT_EQ(to_hex(writer.view()), "010200030000000400000000000000");
    const Bytes bytes = writer.take();
    Reader reader{bytes};
    EXPECT_EQ(reader.integer<std::uint8_t>(), 1u);
    EXPECT_EQ(reader.integer<std::uint16_t>(), 2u);
    EXPECT_EQ(reader.integer<std::uint32_t>(), 3u);
    EXPECT_FALSE(reader.at_end());
    EXPECT_EQ(reader.remaining(), 8u);
    EXPECT_EQ(reader.integer<std::uint64_t>(), 4u);
    EXPECT_TRUE(reader.finished());
}

TEST(Codec, BytesBearTheirLength) {
    Writer writer;
    const Bytes bytes = writer.bytes(as_bytes("abc")).take();
    EXPECT_EQ(to_hex(bytes), "03616263");
    Reader reader{bytes};
    EXPECT_EQ(as_text(reader.bytes()), "abc");
    EXPECT_TRUE(reader.finished());
}

TEST(Codec, ALengthBeyondTheEndIsRefusedWhateverItsSize) {
    for (const char* hex : {"01", "046162 63", "ffffffffffffffffff00", "feffffffff00"}) {
        std::string clean;
        for (const char* c = hex; *c != 0; ++c)
            if (*c != ' ') clean += *c;
        const Bytes bytes = *from_hex(clean);
        Reader reader{bytes};
        EXPECT_TRUE(reader.bytes().empty());
        EXPECT_FALSE(reader.ok());
    }
}

TEST(Codec, AfterAFaultEveryReadFails) {
    const Bytes bytes(3, 1);
    Reader reader{bytes};
    EXPECT_EQ(reader.integer<std::uint32_t>(), 0u);
    EXPECT_EQ(reader.integer<std::uint8_t>(), 0u);
    EXPECT_EQ(reader.varint(), 0u);
    EXPECT_TRUE(reader.bytes().empty());
    EXPECT_EQ(reader.array<2>(), (std::array<std::uint8_t, 2>{}));
    EXPECT_FALSE(reader.finished());
}

TEST(Codec, BigEndianSortsAsTheNumberDoes) {
    Bytes bytes;
    append_big_endian(bytes, std::uint32_t{0x01020304});
    EXPECT_EQ(to_hex(bytes), "01020304");
    EXPECT_EQ(read_big_endian<std::uint32_t>(bytes), 0x01020304u);
    EXPECT_EQ(read_big_endian<std::uint32_t>(ByteView{bytes}.first(2)), 0x0102u);
}

}  // namespace
}  // namespace cairn
