#include "core/vectors_test.hpp"

#include <gtest/gtest.h>

#include <boost/json/src.hpp>
#include <fstream>
#include <sstream>

#include "core/base/hex.hpp"

namespace cairn::testing {
namespace {

void collect(const boost::json::object& node, std::ptrdiff_t previous,
             std::vector<MinedHeader>& out) {
    for (const auto& header : node.at("block_headers").as_array()) {
        out.push_back({unhex(std::string_view{header.as_string()}), previous});
        previous = static_cast<std::ptrdiff_t>(out.size()) - 1;
    }
    if (const auto* extensions = node.if_contains("extensions"))
        for (const auto& extension : extensions->as_array())
            collect(extension.as_object(), previous, out);
}

}  // namespace

std::string read_vectors(std::string_view path) {
    std::ifstream file{std::string{CAIRN_SOURCE_DIR "/tests/vectors/"}.append(path),
                       std::ios::binary};
    EXPECT_TRUE(file.is_open()) << path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

boost::json::value read_json_vectors(std::string_view path) {
    return boost::json::parse(read_vectors(path));
}

std::vector<std::string> lines_of(std::string_view text) {
    auto lines = fields_of(text, '\n');
    for (auto& line : lines)
        if (line.ends_with('\r')) line.pop_back();
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
    return lines;
}

std::vector<std::string> fields_of(std::string_view line, char separator) {
    std::vector<std::string> fields;
    for (;;) {
        const std::size_t end = line.find(separator);
        fields.emplace_back(line.substr(0, end));
        if (end == std::string_view::npos) return fields;
        line.remove_prefix(end + 1);
    }
}

Bytes unhex(std::string_view hex) {
    const auto bytes = from_hex(hex);
    EXPECT_TRUE(bytes.has_value()) << hex;
    return bytes.value_or(Bytes{});
}

std::vector<MinedHeader> mined_headers() {
    const auto document = read_json_vectors("bip54/timestamps.json");
    std::vector<MinedHeader> headers;
    collect(document.as_object(), -1, headers);
    return headers;
}

Bytes random_bytes(std::mt19937_64& random, std::size_t size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    return bytes;
}

}  // namespace cairn::testing
