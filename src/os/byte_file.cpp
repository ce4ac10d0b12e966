#include "os/byte_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace cairn {
namespace {

constexpr std::size_t kBufferBytes = 64UL * 1024;
constexpr int kLinksMax = 40;  // as the system has it

std::string last_error_text() { return std::generic_category().message(errno); }

/// The descriptor that a name such as /dev/fd/3 stands for. To open such a name instead would open
/// the file behind it once more, at its beginning.
std::optional<int> descriptor_named(const std::string& name) {
    for (const std::string_view folder : {"/proc/self/fd/", "/dev/fd/"}) {
        if (!name.starts_with(folder)) continue;
        int number = -1;
        const char* last = name.data() + name.size();
        const auto read = std::from_chars(name.data() + folder.size(), last, number);
        if (read.ec == std::errc{} && read.ptr == last && number >= 0) return number;
    }
    return std::nullopt;
}

/// Where a name leads: to an open descriptor, or to a name that is no link.
struct End {
    std::optional<int> descriptor;
    std::string name;
};

std::optional<End> end_of_name(const std::string& name) {
    std::filesystem::path path{name};
    for (int i = 0; i < kLinksMax; ++i) {
        const auto descriptor = descriptor_named(path.string());
        if (descriptor) return End{descriptor, {}};
        std::error_code error;
        const auto target = std::filesystem::read_symlink(path, error);
        if (error) return End{std::nullopt, path.string()};
        path = path.parent_path() / target;
    }
    errno = ELOOP;
    return std::nullopt;
}

int duplicate(int descriptor) { return ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1); }

bool sync_folder(const std::string& path) {
    const auto parent = std::filesystem::path{path}.parent_path();
    const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC);
    if (folder < 0) return false;
    const bool done = ::fsync(folder) == 0;
    ::close(folder);
    return done;
}

}  // namespace

InFile::InFile(int descriptor) : descriptor_{descriptor}, buffer_(kBufferBytes) {}

InFile::InFile(InFile&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)},
      buffer_{std::move(other.buffer_)},
      begin_{other.begin_},
      end_{other.end_} {}

InFile::~InFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<InFile, std::string> InFile::open(const std::string& name) {
    const auto descriptor = name == "-" ? std::optional{STDIN_FILENO} : descriptor_named(name);
    const int opened =
        descriptor ? duplicate(*descriptor) : ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (opened < 0) return fail(last_error_text());
    InFile file{opened};
    struct stat status {};
    if (::fstat(opened, &status) != 0) return fail(last_error_text());
    if (S_ISDIR(status.st_mode)) return fail(std::generic_category().message(EISDIR));
    return file;
}

Result<std::size_t, std::string> InFile::read(std::uint8_t* out, std::size_t size) {
    std::size_t done = 0;
    while (done < size) {
        if (begin_ == end_) {
            const auto got = ::read(descriptor_, buffer_.data(), buffer_.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(last_error_text());
            if (got == 0) break;
            begin_ = 0;
            end_ = static_cast<std::size_t>(got);
        }
        const std::size_t count = std::min(size - done, end_ - begin_);
        std::memcpy(out + done, buffer_.data() + begin_, count);
        begin_ += count;
        done += count;
    }
    return done;
}

OutFile::OutFile(OutFile&& other) noexcept
    : target_{std::move(other.target_)},
      descriptor_{std::exchange(other.descriptor_, -1)},
      unfinished_{std::exchange(other.unfinished_, false)},
      standard_output_{other.standard_output_},
      buffer_{std::move(other.buffer_)} {}

OutFile::~OutFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (unfinished_) ::unlink(part().c_str());
}

Result<OutFile, std::string> OutFile::create(const std::string& name) {
    OutFile file;
    file.buffer_.reserve(kBufferBytes);
    const auto end = name == "-" ? End{STDOUT_FILENO, {}} : end_of_name(name);
    if (!end) return fail(last_error_text());
    if (end->descriptor) {
        file.standard_output_ = end->descriptor == STDOUT_FILENO;
        file.descriptor_ = duplicate(*end->descriptor);
        if (file.descriptor_ < 0) return fail(last_error_text());
        return file;
    }
    struct stat there {};
    const bool exists = ::lstat(end->name.c_str(), &there) == 0;
    if (exists && S_ISDIR(there.st_mode)) return fail(std::generic_category().message(EISDIR));
    if (exists && !S_ISREG(there.st_mode)) {
        file.descriptor_ = ::open(end->name.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (file.descriptor_ < 0) return fail(last_error_text());
        return file;
    }
    file.target_ = end->name;
    file.descriptor_ =
        ::open(file.part().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file.descriptor_ < 0) return fail(last_error_text());
    file.unfinished_ = true;
    if (exists) {
        // Whose it was and who might read it stays so. Only root can give a file away.
        (void)!::fchown(file.descriptor_, there.st_uid, there.st_gid);
        if (::fchmod(file.descriptor_, there.st_mode & 07777U) != 0) return fail(last_error_text());
    }
    return file;
}

Result<void, std::string> OutFile::write(ByteView bytes) {
    append(buffer_, bytes);
    return buffer_.size() < kBufferBytes ? Result<void, std::string>{} : flush();
}

Result<void, std::string> OutFile::flush() {
    for (ByteView left{buffer_}; !left.empty();) {
        const auto written = ::write(descriptor_, left.data(), left.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(last_error_text());
        left = left.subspan(static_cast<std::size_t>(written));
    }
    buffer_.clear();
    return {};
}

Result<void, std::string> OutFile::finish() {
    if (auto flushed = flush(); !flushed) return flushed;
    if (!target_.empty()) return put_in_place();
    // Some disks tell of a failed write only as the file is closed.
    if (::close(std::exchange(descriptor_, -1)) != 0) return fail(last_error_text());
    return {};
}

Result<void, std::string> OutFile::put_in_place() {
    if (::fsync(descriptor_) != 0) return fail(last_error_text());
    if (::close(std::exchange(descriptor_, -1)) != 0) return fail(last_error_text());
    if (::rename(part().c_str(), target_.c_str()) != 0) return fail(last_error_text());
    unfinished_ = false;
    if (!sync_folder(target_)) return fail(last_error_text());
    return {};
}

Result<std::string, std::string> read_text(const std::string& name, std::size_t size_max) {
    auto file = InFile::open(name);
    if (!file) return fail(std::move(file.error()));
    std::string text;
    std::vector<std::uint8_t> chunk(kBufferBytes);
    for (;;) {
        const auto got = file->read(chunk.data(), chunk.size());
        if (!got) return fail(got.error());
        text.append(as_text(ByteView{chunk}.first(*got)));
        if (text.size() > size_max)
            return fail("it is larger than " + std::to_string(size_max) + " bytes");
        if (*got < chunk.size()) return text;
    }
}

}  // namespace cairn
