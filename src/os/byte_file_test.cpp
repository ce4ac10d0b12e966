#include "os/byte_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace cairn {
namespace {

namespace fs = std::filesystem;

class ByteFile : public ::testing::Test {
protected:
    ByteFile() {
        std::string name = (fs::temp_directory_path() / "cairn-bytes-XXXXXX").string();
        folder = ::mkdtemp(name.data());
    }
    ~ByteFile() override { fs::remove_all(folder); }
    [[nodiscard]] std::string path(const std::string& name) const { return folder / name; }
    static std::string read(const std::string& name) { return read_text(name, 1000).value(); }
    static void write(const std::string& name, const std::string& text) {
        std::ofstream{name} << text;
    }
    static Result<void, std::string> put(const std::string& name, const std::string& text) {
        auto file = OutFile::create(name);
        if (!file) return fail(file.error());
        if (auto put = file->write(as_bytes(text)); !put) return put;
        return file->finish();
    }
    fs::path folder;
};

TEST_F(ByteFile, ARegularFileIsReplacedWholeOrNotAtAll) {
    EXPECT_TRUE(put(path("a"), "first"));
    EXPECT_EQ(read(path("a")), "first");
    {
        auto file = OutFile::create(path("a"));
        ASSERT_TRUE(file);
        EXPECT_TRUE(file->write(as_bytes(std::string(200'000, 'x'))));
        EXPECT_EQ(read(path("a")), "first");
    }
    EXPECT_EQ(read(path("a")), "first");
    EXPECT_TRUE(put(path("a"), "second"));
    EXPECT_EQ(read(path("a")), "second");
    EXPECT_FALSE(fs::exists(path("a.part")));
}

TEST_F(ByteFile, PermissionsStayAndLinksAreFollowed) {
    write(path("real"), "old");
    fs::permissions(path("real"), fs::perms{0640});
    fs::create_symlink("real", path("link"));
    fs::create_symlink(path("link"), path("link of a link"));
    ASSERT_TRUE(put(path("link of a link"), "new"));
    EXPECT_TRUE(fs::is_symlink(path("link of a link")));
    EXPECT_TRUE(fs::is_symlink(path("link")));
    EXPECT_EQ(read(path("real")), "new");
    EXPECT_EQ(fs::status(path("real")).permissions(), fs::perms{0640});
    fs::create_symlink("not yet", path("forward"));
    ASSERT_TRUE(put(path("forward"), "made"));
    EXPECT_EQ(read(path("not yet")), "made");
    fs::create_symlink("circle", path("circle"));
    EXPECT_FALSE(put(path("circle"), "nowhere"));
}

TEST_F(ByteFile, PipesAndDevicesAreWrittenThroughAndStay) {
    ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    std::string got;
    std::jthread reader{[&] { got = read(path("pipe")); }};
    ASSERT_TRUE(put(path("pipe"), "through"));
    reader.join();
    EXPECT_EQ(got, "through");
    EXPECT_TRUE(fs::is_fifo(path("pipe")));
    EXPECT_FALSE(put(folder.string(), "a folder"));
    // Devices of our own: those of the machine are not a test's to risk.
    if (::mknod(path("null").c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0 ||
        ::mknod(path("full").c_str(), S_IFCHR | 0600, makedev(1, 7)) != 0)
        GTEST_SKIP() << "only root can make devices";
    EXPECT_TRUE(put(path("null"), "away"));
    EXPECT_TRUE(fs::is_character_file(path("null")));
    EXPECT_FALSE(put(path("full"), std::string(100'000, 'x')));
    EXPECT_TRUE(fs::is_character_file(path("full")));
    // Little enough for its buffer, so that only the end can tell.
    auto file = OutFile::create(path("full"));
    ASSERT_TRUE(file);
    EXPECT_TRUE(file->write(as_bytes("little")));
    EXPECT_FALSE(file->finish());
}

TEST_F(ByteFile, AnOpenDescriptorIsWrittenWhereItStands) {
    const int descriptor = ::open(path("log").c_str(), O_RDWR | O_CREAT, 0600);
    ASSERT_EQ(::write(descriptor, "before ", 7), 7);
    for (const std::string folder_of : {"/dev/fd/", "/proc/self/fd/"})
        ASSERT_TRUE(put(folder_of + std::to_string(descriptor), "one "));
    fs::create_symlink("/dev/fd/" + std::to_string(descriptor), path("link"));
    ASSERT_TRUE(put(path("link"), "two"));
    EXPECT_EQ(read(path("log")), "before one one two");
    ASSERT_EQ(::lseek(descriptor, 7, SEEK_SET), 7);
    EXPECT_EQ(read("/dev/fd/" + std::to_string(descriptor)), "one one two");
    ::close(descriptor);
    EXPECT_FALSE(put("/dev/fd/" + std::to_string(descriptor), "closed"));
}

TEST_F(ByteFile, ReadsUpToABoundAndNoFolder) {
    write(path("a"), "12345678");
    EXPECT_TRUE(read_text(path("a"), 8));
    EXPECT_FALSE(read_text(path("a"), 7));
    EXPECT_FALSE(read_text("/dev/zero", 100'000));
    EXPECT_EQ(read_text("/dev/null", 0).value(), "");
    EXPECT_FALSE(read_text(folder, 100));
    EXPECT_FALSE(read_text(path("none"), 100));
}

}  // namespace
}  // namespace cairn
