#include "storage/store_place.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace cairn {
namespace {

constexpr const char* kLockName = "lock";

std::string system_error_text(int error) { return std::generic_category().message(error); }

/// A lock of the open file, not of the process: closing another descriptor of it lets nothing go.
bool lock_whole(int descriptor, bool reading) {
    struct flock whole {};
    whole.l_type = static_cast<short>(reading ? F_RDLCK : F_WRLCK);
    whole.l_whence = SEEK_SET;
    return ::fcntl(descriptor, F_OFD_SETLK, &whole) == 0;
}

}  // namespace

Result<std::unique_ptr<StorePlace>, StorePlace::Error> StorePlace::take(const std::string& path) {
    auto folder = HeldFolder::open(path);
    if (!folder) return fail(Error{false, folder.error().message()});
    std::unique_ptr<StorePlace> place{new StorePlace{std::move(*folder)}};
    if (auto locked = place->lock(false); !locked) return fail(std::move(locked.error()));
    return place;
}

Result<std::unique_ptr<StorePlace>, StorePlace::Error> StorePlace::read(const std::string& path) {
    auto folder = HeldFolder::open(path);
    if (!folder) return fail(Error{false, folder.error().message()});
    std::unique_ptr<StorePlace> place{new StorePlace{std::move(*folder)}};
    if (auto locked = place->lock(true); !locked) return fail(std::move(locked.error()));
    return place;
}

StorePlace::~StorePlace() {
    if (lock_ >= 0) ::close(lock_);
}

Result<void, StorePlace::Error> StorePlace::lock(bool reading) {
    const std::string path = (folder_.reach() / kLockName).string();
    const int descriptor =
        ::open(path.c_str(), (reading ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        if (reading && (errno == ENOENT || errno == EACCES)) return {};
        return fail(Error{false, "its lock: " + system_error_text(errno)});
    }
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !lock_whole(descriptor, reading)) {
        const int error = errno;
        ::close(descriptor);
        if (error == EAGAIN || error == EACCES) return fail(Error{true, "its lock is taken"});
        if (reading) return {};
        return fail(Error{false, "its lock: " + system_error_text(error)});
    }
    if (lock_ >= 0) ::close(lock_);
    lock_ = descriptor;
    lock_id_ = {status.st_dev, status.st_ino};
    return {};
}

std::optional<std::string> StorePlace::missing() const {
    const auto found = id_of(folder_.name() / kLockName);
    if (found == lock_id_) return std::nullopt;
    if (folder_.in_place())
        return found ? "its lock was replaced, so that another process may have the store"
                     : "its lock was deleted, so that another process may take the store";
    return id_of(folder_.name()) ? "another folder stands in its place"
                                 : "it was deleted or moved away";
}

Result<bool, StorePlace::Error> StorePlace::regain() {
    const auto gone = missing();
    if (!gone) return false;
    if (!folder_.in_place()) return fail(Error{false, *gone});
    if (auto locked = lock(false); !locked) return fail(std::move(locked.error()));
    return true;
}

}  // namespace cairn
