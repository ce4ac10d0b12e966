#pragma once

#include <array>
#include <boost/json/value.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/bytes.hpp"

namespace cairn::testing {

/// The text of a file under tests/vectors; a missing one fails the test.
[[nodiscard]] std::string read_vectors(std::string_view path);
[[nodiscard]] boost::json::value read_json_vectors(std::string_view path);
/// Lines without their ends, LF or CRLF.
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);
/// Fields between commas; nothing is quoted.
[[nodiscard]] std::vector<std::string> fields_of(std::string_view line, char separator = ',');
/// The bytes of hex that is known to be right.
[[nodiscard]] Bytes unhex(std::string_view hex);

template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> unhex_array(std::string_view hex) {
    const Bytes bytes = unhex(hex);
    std::array<std::uint8_t, N> out{};
    for (std::size_t i = 0; i < N; ++i) out[i] = bytes.at(i);
    return out;
}

/// All block headers of bip54/timestamps.json, each with its predecessor's place, or -1.
struct MinedHeader {
    Bytes bytes;
    std::ptrdiff_t previous = -1;
};
[[nodiscard]] std::vector<MinedHeader> mined_headers();

/// `size` bytes of a seeded generator.
[[nodiscard]] Bytes random_bytes(std::mt19937_64& random, std::size_t size);

}  // namespace cairn::testing
