#include "cli/session/token_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "wallet/testing/folder.hpp"

namespace cairn::cli {
namespace {

unsigned mode_of(const std::filesystem::path& path) {
    struct stat about {};
    EXPECT_EQ(stat(path.c_str(), &about), 0) << path;
    return about.st_mode & 0777U;
}

class Tokens : public ::testing::Test {
protected:
    testing::Folder folder;
    TokenStore store{folder.path() / "a" / ".sessions"};
    const NodeUrl node = *parse_node_url("127.0.0.1:5000");
    const NodeUrl other = *parse_node_url("[::1]:5000");
};

TEST_F(Tokens, AreKeptByNode) {
    EXPECT_FALSE(store.load(node));
    ASSERT_TRUE(store.keep(node, {"operator", "t1"}));
    ASSERT_TRUE(store.keep(other, {"ann \"x\"", "t2"}));
    EXPECT_EQ(store.load(node)->token, "t1");
    EXPECT_EQ(store.load(other)->token, "t2");
    EXPECT_EQ(store.load(other)->name, "ann \"x\"");
    ASSERT_TRUE(store.keep(node, {"operator", "t3"}));
    EXPECT_EQ(store.load(node)->token, "t3");
    EXPECT_FALSE(store.forget(node));
    EXPECT_FALSE(store.load(node));
    EXPECT_TRUE(store.load(other));
    EXPECT_FALSE(store.forget(node));
}

TEST_F(Tokens, AreTheirOwnersAlone) {
    ASSERT_TRUE(store.keep(node, {"operator", "t"}));
    EXPECT_EQ(mode_of(store.file_of(node)), 0600U);
    EXPECT_EQ(mode_of(store.file_of(node).parent_path()), 0700U);
}

TEST_F(Tokens, ThatCannotBeReadAreNone) {
    ASSERT_TRUE(store.keep(node, {"operator", "t"}));
    for (const auto* text : {"", "{", "[]", R"({"token":5,"name":"a"})", R"({"token":"a"})"}) {
        std::ofstream{store.file_of(node)} << text;
        EXPECT_FALSE(store.load(node)) << text;
    }
    std::ofstream{store.file_of(node)} << std::string(5000, ' ') << R"({"token":"a","name":"b"})";
    EXPECT_FALSE(store.load(node));
}

TEST_F(Tokens, ThatCannotBeKeptSaySo) {
    std::ofstream{folder.path() / "a"} << "no folder";
    EXPECT_FALSE(store.keep(node, {"operator", "t"}));
}

}  // namespace
}  // namespace cairn::cli
