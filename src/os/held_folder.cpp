#include "os/held_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace cairn {

std::optional<FileId> id_of(const std::filesystem::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return FileId{status.st_dev, status.st_ino};
}

Result<HeldFolder, std::error_code> HeldFolder::open(std::filesystem::path name) {
    std::error_code error;
    HeldFolder folder;
    // Whoever changes the working folder does not move what is held.
    folder.name_ = std::filesystem::absolute(name, error);
    if (error) return fail(error);
    folder.descriptor_ = ::open(folder.name_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status {};
    if (folder.descriptor_ < 0 || ::fstat(folder.descriptor_, &status) != 0)
        return fail(std::error_code{errno, std::generic_category()});
    folder.id_ = {status.st_dev, status.st_ino};
    folder.reach_ = "/proc/self/fd/" + std::to_string(folder.descriptor_);
    if (id_of(folder.reach_) != folder.id_) folder.reach_ = folder.name_;
    return folder;
}

HeldFolder::HeldFolder(HeldFolder&& other) noexcept
    : name_{std::move(other.name_)},
      reach_{std::move(other.reach_)},
      descriptor_{std::exchange(other.descriptor_, -1)},
      id_{other.id_} {}

HeldFolder& HeldFolder::operator=(HeldFolder&& other) noexcept {
    std::swap(name_, other.name_);
    std::swap(reach_, other.reach_);
    std::swap(descriptor_, other.descriptor_);
    std::swap(id_, other.id_);
    return *this;
}

HeldFolder::~HeldFolder() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace cairn
