#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/hex.hpp"
#include "wallet/argon2.hpp"

namespace cairn::testing {

/// The cheapest Argon2id libsodium runs: tests say so where they use it, nothing falls back to it.
inline constexpr Argon2Cost kCheap{8, 1};

inline std::string read_vectors(const std::string& name) {
    std::ifstream file{std::filesystem::path{CAIRN_SOURCE_DIR} / "tests/vectors" / name,
                       std::ios::binary};
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>{file}, {}};
}

inline boost::json::value read_json_vectors(const std::string& name) {
    return boost::json::parse(read_vectors(name));
}

inline Bytes hex(const boost::json::value& value) {
    return from_hex(std::string_view{value.as_string()}).value();
}

inline std::string text(const boost::json::value& value) {
    return std::string{std::string_view{value.as_string()}};
}

}  // namespace cairn::testing
