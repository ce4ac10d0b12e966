#include "app/node_key.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "wallet/testing/folder.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct NodeKeyFile : ::testing::Test {
    const testing::Folder made;
    const fs::path folder = made.path();
};

TEST_F(NodeKeyFile, IsMadeOnceAndKept) {
    const auto first = load_node_key(folder);
    ASSERT_TRUE(first) << first.error();
    const auto again = load_node_key(folder);
    ASSERT_TRUE(again);
    EXPECT_EQ((*first)->address(), (*again)->address());
    const auto mode = fs::status(folder / "node.key").permissions();
    EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write);
    EXPECT_EQ(fs::file_size(folder / "node.key"), 65U);
}

TEST_F(NodeKeyFile, DiffersFromNodeToNode) {
    const auto first = load_node_key(folder);
    fs::remove(folder / "node.key");
    EXPECT_NE((*first)->address(), (*load_node_key(folder))->address());
}

TEST_F(NodeKeyFile, IsNotGuessedAtIfDamaged) {
    const std::string zeros(64, '0');
    for (const std::string& content :
         {std::string{}, std::string{"hello\n"}, zeros + "\n", std::string(64, 'x') + "\n",
          std::string(64, '1'), std::string(64, '1') + "\n\n", std::string(64, 'f') + "\n"}) {
        std::ofstream{folder / "node.key", std::ios::trunc} << content;
        const auto key = load_node_key(folder);
        ASSERT_FALSE(key) << content;
        EXPECT_NE(key.error().find("node.key"), std::string::npos);
    }
    std::ofstream{folder / "node.key", std::ios::trunc} << std::string(64, '1') + "\n";
    EXPECT_TRUE(load_node_key(folder));
}

}  // namespace
}  // namespace cairn
