#include "wallet/node_place.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <optional>

#include "wallet/testing/folder.hpp"

namespace cairn {
namespace {

const NodePlace kSomePlace{"127.0.0.1", 5000, 4026531840};

TEST(NodePlace, IsToldForAsLongAsTheNodeRuns) {
    const testing::Folder folder;
    EXPECT_FALSE(running_node(folder.path()));
    {
        const auto mark = NodePlaceMark::write(folder.path(), kSomePlace);
        ASSERT_TRUE(mark);
        const auto found = running_node(folder.path());
        ASSERT_TRUE(found) << found.error();
        EXPECT_EQ(*found, kSomePlace);
    }
    // The file is still there, as after a crash, and says nothing.
    const auto gone = running_node(folder.path());
    ASSERT_FALSE(gone);
    EXPECT_EQ(gone.error(), "no node of that directory is running");
}

TEST(NodePlace, IsTheOwnersAlone) {
    const testing::Folder folder;
    const auto mark = NodePlaceMark::write(folder.path(), kSomePlace);
    ASSERT_TRUE(mark);
    struct stat found {};
    ASSERT_EQ(::stat((folder.path() / "node.place").c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

TEST(NodePlace, ASecondNodeDoesNotWriteOverIt) {
    const testing::Folder folder;
    const auto mark = NodePlaceMark::write(folder.path(), kSomePlace);
    const auto second = NodePlaceMark::write(folder.path(), {"127.0.0.1", 5001, 0});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), std::errc::resource_unavailable_try_again);
    EXPECT_EQ(running_node(folder.path())->port, 5000);
}

TEST(NodePlace, AnOldAndLongerOneIsReplacedWhole) {
    const testing::Folder folder;
    (void)NodePlaceMark::write(folder.path(), {"2001:db8:1234:5678::1", 65535, UINT64_MAX});
    const auto mark = NodePlaceMark::write(folder.path(), kSomePlace);
    EXPECT_EQ(*running_node(folder.path()), kSomePlace);
}

TEST(NodePlace, ALinkIsNotFollowed) {
    const testing::Folder folder;
    const auto target = folder.path() / "elsewhere";
    std::ofstream{target} << "kept";
    std::filesystem::create_symlink(target, folder.path() / "node.place");
    EXPECT_FALSE(NodePlaceMark::write(folder.path(), kSomePlace));
    EXPECT_FALSE(running_node(folder.path()));
    std::string kept;
    std::ifstream{target} >> kept;
    EXPECT_EQ(kept, "kept");
}

}  // namespace
}  // namespace cairn
