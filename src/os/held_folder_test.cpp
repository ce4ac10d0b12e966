#include "os/held_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/home.hpp"

namespace cairn {
namespace {

namespace fs = std::filesystem;

TEST(HeldFolder, StaysTheOneThatWasOpened) {
    std::string name = (fs::temp_directory_path() / "cairn-held-XXXXXX").string();
    const fs::path base = ::mkdtemp(name.data());
    fs::create_directory(base / "a");
    fs::create_symlink("a", base / "link");
    auto held = HeldFolder::open(base / "link");
    ASSERT_TRUE(held);
    EXPECT_TRUE(held->in_place());
    EXPECT_EQ(held->name(), base / "link");

    fs::rename(base / "a", base / "b");
    EXPECT_FALSE(held->in_place());
    fs::create_directory(base / "a");
    EXPECT_FALSE(held->in_place());
    std::ofstream{held->reach() / "file"} << "mine";
    EXPECT_TRUE(fs::exists(base / "b" / "file"));
    EXPECT_TRUE(fs::is_empty(base / "a"));

    fs::remove(base / "a");
    fs::rename(base / "b", base / "a");
    EXPECT_TRUE(held->in_place());
    fs::remove_all(base);
    EXPECT_FALSE(held->in_place());
    EXPECT_FALSE(HeldFolder::open(base));
}

TEST(Home, IsWhatATildeStandsForAtTheBeginningOnly) {
    ASSERT_EQ(setenv("HOME", "/home/somebody", 1), 0);
    EXPECT_EQ(from_home("~"), "/home/somebody");
    EXPECT_EQ(from_home("~/a/~b"), "/home/somebody/a/~b");
    EXPECT_EQ(from_home("a/~"), "a/~");
    EXPECT_EQ(from_home(""), "");
    EXPECT_EQ(from_home("~root/x"), "/root/x");
    EXPECT_EQ(from_home("~nobody of that name/x"), "~nobody of that name/x");
    for (const char* none : {"", static_cast<const char*>(nullptr)}) {
        none != nullptr ? setenv("HOME", none, 1) : unsetenv("HOME");
        EXPECT_TRUE(home_folder().is_absolute());  // as the system knows it
    }
}

}  // namespace
}  // namespace cairn
