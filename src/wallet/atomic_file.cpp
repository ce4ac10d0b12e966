#include "wallet/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "core/base/hex.hpp"
#include "wallet/random.hpp"

namespace cairn {
namespace {

constexpr std::size_t kDrawnBytes = 8;  // of a temporary name

std::error_code last_error() { return {errno, std::generic_category()}; }

class File {
public:
    File(const std::filesystem::path& path, int flags, mode_t mode = 0)
        : descriptor_{::open(path.c_str(), flags | O_CLOEXEC, mode)} {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
    [[nodiscard]] int descriptor() const { return descriptor_; }
    [[nodiscard]] std::error_code close() {
        return ::close(std::exchange(descriptor_, -1)) == 0 ? std::error_code{} : last_error();
    }

private:
    int descriptor_;
};

std::error_code write_all(const File& file, ByteView content) {
    while (!content.empty()) {
        const auto written = ::write(file.descriptor(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return last_error();
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return {};
}

std::error_code sync_folder_of(const std::filesystem::path& path) {
    const auto parent = path.parent_path();
    const File folder{parent.empty() ? "." : parent, O_RDONLY | O_DIRECTORY};
    if (!folder.is_open() || ::fsync(folder.descriptor()) != 0) return last_error();
    return {};
}

/// Where the links lead that begin at `path`, be there a file or not.
Result<std::filesystem::path, std::error_code> end_of_links(std::filesystem::path path) {
    constexpr int kLinksMax = 40;  // as the system has it
    for (int i = 0; i < kLinksMax; ++i) {
        std::error_code error;
        const auto target = std::filesystem::read_symlink(path, error);
        if (error) return path;  // no link
        path = path.parent_path() / target;
    }
    return fail(std::make_error_code(std::errc::too_many_symbolic_link_levels));
}

/// Gives the finished file its name.
std::error_code publish(const std::filesystem::path& temporary, const std::filesystem::path& path,
                        IfExists if_exists) {
    if (if_exists == IfExists::replace)
        return ::rename(temporary.c_str(), path.c_str()) == 0 ? std::error_code{} : last_error();
    if (::link(temporary.c_str(), path.c_str()) != 0) return last_error();
    ::unlink(temporary.c_str());
    return {};
}

}  // namespace

Result<void, std::error_code> write_atomically(const std::filesystem::path& name, ByteView content,
                                               IfExists if_exists, const BeforeStep& before) {
    auto end = if_exists == IfExists::replace ? end_of_links(name) : name;
    if (!end) return fail(end.error());
    const std::filesystem::path& path = *end;
    struct stat there {};
    if (if_exists == IfExists::replace && ::lstat(path.c_str(), &there) == 0 &&
        !S_ISREG(there.st_mode))
        return fail(std::make_error_code(std::errc::operation_not_permitted));
    const auto inject = [&](WriteStep step) { return before ? before(step) : std::error_code{}; };
    auto temporary = path;
    temporary += "." + to_hex(random_bytes<kDrawnBytes>()) + ".tmp";

    if (const auto error = inject(WriteStep::create)) return fail(error);
    File file{temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600};
    if (!file.is_open()) return fail(last_error());

    const auto finish = [&]() -> std::error_code {
        if (const auto error = inject(WriteStep::write)) return error;
        if (const auto error = write_all(file, content)) return error;
        if (const auto error = inject(WriteStep::sync)) return error;
        if (::fsync(file.descriptor()) != 0) return last_error();
        if (const auto error = file.close()) return error;
        if (const auto error = inject(WriteStep::publish)) return error;
        return publish(temporary, path, if_exists);
    };
    if (const auto error = finish()) {
        ::unlink(temporary.c_str());
        return fail(error);
    }
    if (const auto error = inject(WriteStep::sync_directory)) return fail(error);
    if (const auto error = sync_folder_of(path)) return fail(error);
    return {};
}

Result<SecretBytes, std::error_code> read_small_file(const std::filesystem::path& path,
                                                     std::size_t size_max) {
    // O_NONBLOCK: a pipe in the file's place must not hold the reader up.
    const File file{path, O_RDONLY | O_NONBLOCK};
    struct stat status {};
    if (!file.is_open() || ::fstat(file.descriptor(), &status) != 0) return fail(last_error());
    if (!S_ISREG(status.st_mode)) return fail(std::make_error_code(std::errc::invalid_argument));

    SecretBytes room{size_max + 1};
    std::size_t size = 0;
    while (size <= size_max) {
        const auto got =
            ::read(file.descriptor(), room.writable().data() + size, size_max + 1 - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(last_error());
        if (got == 0) return SecretBytes::copy_of(room.view().first(size));
        size += static_cast<std::size_t>(got);
    }
    return fail(std::make_error_code(std::errc::file_too_large));
}

std::error_code remove_durably(const std::filesystem::path& path) {
    if (::unlink(path.c_str()) != 0) return errno == ENOENT ? std::error_code{} : last_error();
    return sync_folder_of(path);
}

std::error_code make_private_folder(const std::filesystem::path& path) {
    if (::mkdir(path.c_str(), 0700) == 0) return sync_folder_of(path);
    if (errno == ENOENT && path.has_parent_path()) {
        if (const auto error = make_private_folder(path.parent_path())) return error;
        if (::mkdir(path.c_str(), 0700) == 0) return sync_folder_of(path);
    }
    if (errno != EEXIST) return last_error();
    // A link that leads nowhere is told apart from one that leads to no folder.
    const File folder{path, O_RDONLY | O_DIRECTORY};
    return folder.is_open() ? std::error_code{} : last_error();
}

bool others_may_write(const std::filesystem::path& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
           (status.st_mode & S_ISVTX) == 0;
}

bool is_left_behind(const std::filesystem::path& path) {
    if (path.extension() != ".tmp") return false;
    const std::string drawn = path.stem().extension().string();  // .0123456789abcdef
    return drawn.size() == 1 + 2 * kDrawnBytes &&
           drawn.find_first_not_of("0123456789abcdef", 1) == std::string::npos;
}

}  // namespace cairn
