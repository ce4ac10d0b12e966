#include "wallet/atomic_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wallet/testing/folder.hpp"

namespace cairn {
namespace {

using testing::Folder;
using testing::mode_of;
using testing::slurp;
using testing::spill;

constexpr std::array kSteps = {WriteStep::create, WriteStep::write, WriteStep::sync,
                               WriteStep::publish, WriteStep::sync_directory};

TEST(AtomicFile, WritesAFileOnlyItsOwnerReads) {
    const Folder folder;
    const auto path = folder.path() / "file";
    ASSERT_TRUE(write_atomically(path, as_bytes("content"), IfExists::refuse));
    EXPECT_EQ(slurp(path), "content");
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, ReplacesOrRefusesWhatExists) {
    const Folder folder;
    const auto path = folder.path() / "file";
    spill(path, "old");
    const auto refused = write_atomically(path, as_bytes("new"), IfExists::refuse);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), std::errc::file_exists);
    EXPECT_EQ(slurp(path), "old");
    EXPECT_EQ(folder.entries(), 1U);

    ASSERT_TRUE(write_atomically(path, as_bytes("new"), IfExists::replace));
    EXPECT_EQ(slurp(path), "new");
    EXPECT_EQ(mode_of(path), 0600U);
    EXPECT_EQ(folder.entries(), 1U);
}

TEST(AtomicFile, AStepThatFailsLeavesTheOldOrTheNewFileAlone) {
    for (const auto if_exists : {IfExists::replace, IfExists::refuse})
        for (const auto failing : kSteps) {
            const Folder folder;
            const auto path = folder.path() / "file";
            const bool had_old = if_exists == IfExists::replace;
            if (had_old) spill(path, "old");
            const auto written =
                write_atomically(path, as_bytes("new"), if_exists, [&](WriteStep step) {
                    return step == failing ? std::make_error_code(std::errc::no_space_on_device)
                                           : std::error_code{};
                });
            ASSERT_FALSE(written);
            EXPECT_EQ(written.error(), std::errc::no_space_on_device);
            const bool published = failing == WriteStep::sync_directory;
            EXPECT_EQ(slurp(path), published ? "new" : (had_old ? "old" : ""));
            EXPECT_EQ(folder.entries(), published || had_old ? 1U : 0U);
        }
}

TEST(AtomicFile, ACrashBeforeAnyStepLeavesTheOldOrTheNewFileWhole) {
    for (const auto if_exists : {IfExists::replace, IfExists::refuse})
        for (const auto crash : kSteps) {
            const Folder folder;
            const auto path = folder.path() / "file";
            const bool had_old = if_exists == IfExists::replace;
            if (had_old) spill(path, "old");
            const auto child = ::fork();
            ASSERT_GE(child, 0);
            if (child == 0) {
                (void)write_atomically(path, as_bytes("new"), if_exists, [&](WriteStep step) {
                    if (step == crash) ::_exit(7);
                    return std::error_code{};
                });
                ::_exit(0);
            }
            int status = 0;
            ASSERT_EQ(::waitpid(child, &status, 0), child);
            ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
            const bool published = crash == WriteStep::sync_directory;
            EXPECT_EQ(slurp(path), published ? "new" : (had_old ? "old" : ""));
            for (const auto& entry : std::filesystem::directory_iterator{folder.path()})
                EXPECT_TRUE(entry.path() == path || entry.path().extension() == ".tmp");
        }
}

TEST(AtomicFile, AMissingFolderIsTheSystemsError) {
    const Folder folder;
    const auto written =
        write_atomically(folder.path() / "none" / "file", as_bytes("x"), IfExists::replace);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error(), std::errc::no_such_file_or_directory);
}

TEST(ReadSmallFile, UpToItsBound) {
    const Folder folder;
    const auto path = folder.path() / "file";
    spill(path, "12345678");
    ASSERT_TRUE(read_small_file(path, 8));
    EXPECT_EQ(as_text(read_small_file(path, 8)->view()), "12345678");
    EXPECT_EQ(read_small_file(path, 7).error(), std::errc::file_too_large);
    spill(path, "");
    EXPECT_TRUE(read_small_file(path, 7)->view().empty());
}

TEST(ReadSmallFile, FollowsLinksAndWaitsForNoPipe) {
    const Folder folder;
    spill(folder.path() / "file", "content");
    std::filesystem::create_symlink(folder.path() / "file", folder.path() / "link");
    ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
    EXPECT_EQ(as_text(read_small_file(folder.path() / "link", 100)->view()), "content");
    EXPECT_FALSE(read_small_file(folder.path() / "pipe", 100));
    EXPECT_FALSE(read_small_file(folder.path(), 100));
    EXPECT_FALSE(read_small_file(folder.path() / "none", 100));
}

TEST(AtomicFile, ALinkStaysAndOnlyARegularFileIsReplaced) {
    const Folder folder;
    const auto bytes = as_bytes("new");
    spill(folder.path() / "file", "old");
    std::filesystem::create_symlink("file", folder.path() / "link");
    EXPECT_EQ(write_atomically(folder.path() / "link", bytes, IfExists::refuse).error(),
              std::errc::file_exists);
    EXPECT_TRUE(write_atomically(folder.path() / "link", bytes, IfExists::replace));
    EXPECT_TRUE(std::filesystem::is_symlink(folder.path() / "link"));
    EXPECT_EQ(slurp(folder.path() / "file"), "new");
    ASSERT_EQ(::mkfifo((folder.path() / "pipe").c_str(), 0600), 0);
    EXPECT_FALSE(write_atomically(folder.path() / "pipe", bytes, IfExists::replace));
    EXPECT_TRUE(std::filesystem::is_fifo(folder.path() / "pipe"));
    EXPECT_EQ(folder.entries(), 3U);
}

TEST(AtomicFile, WhatACrashLeavesHasANameOfItsOwn) {
    EXPECT_TRUE(is_left_behind("users/anna.json.0123456789abcdef.tmp"));
    for (const char* other : {"users/anna.tmp", "users/anna.json.tmp", "a.0123456789abcde.tmp",
                              "a.0123456789abcdeF.tmp", "a.0123456789abcdef", ".tmp", ""})
        EXPECT_FALSE(is_left_behind(other)) << other;
}

TEST(RemoveDurably, NoFileIsNoError) {
    const Folder folder;
    spill(folder.path() / "file", "content");
    EXPECT_FALSE(remove_durably(folder.path() / "file"));
    EXPECT_EQ(folder.entries(), 0U);
    EXPECT_FALSE(remove_durably(folder.path() / "file"));
}

TEST(PrivateFolder, IsMadeClosedAndLeftAsItIsIfItExists) {
    const Folder folder;
    EXPECT_FALSE(make_private_folder(folder.path() / "users"));
    EXPECT_EQ(mode_of(folder.path() / "users"), 0700U);
    EXPECT_FALSE(others_may_write(folder.path() / "users"));
    std::filesystem::permissions(folder.path() / "users", std::filesystem::perms{0770});
    EXPECT_FALSE(make_private_folder(folder.path() / "users"));
    EXPECT_EQ(mode_of(folder.path() / "users"), 0770U);
    EXPECT_TRUE(others_may_write(folder.path() / "users"));
    spill(folder.path() / "file", "");
    EXPECT_TRUE(make_private_folder(folder.path() / "file"));
}

TEST(PrivateFolder, MayBeALinkToOne) {
    const Folder folder;
    std::filesystem::create_directory(folder.path() / "real");
    std::filesystem::permissions(folder.path() / "real", std::filesystem::perms{0750});
    std::filesystem::create_symlink("real", folder.path() / "link");
    EXPECT_FALSE(make_private_folder(folder.path() / "link"));
    EXPECT_EQ(mode_of(folder.path() / "real"), 0750U);
    std::filesystem::create_symlink("none", folder.path() / "dangling");
    EXPECT_TRUE(make_private_folder(folder.path() / "dangling"));
}

TEST(PrivateFolder, BringsWhatIsMissingAboveIt) {
    const Folder folder;
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    EXPECT_FALSE(make_private_folder(folder.path() / "home" / "chain"));
    EXPECT_EQ(mode_of(folder.path() / "home" / "chain"), 0700U);
    EXPECT_EQ(mode_of(folder.path() / "home"), 0700U);
    EXPECT_EQ(mode_of(folder.path()), 0755U);
    spill(folder.path() / "file", "");
    EXPECT_TRUE(make_private_folder(folder.path() / "file" / "chain"));
}

}  // namespace
}  // namespace cairn
