#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.hpp"
#include "os/held_folder.hpp"

namespace cairn {

/// A store's folder and the file `lock` in it, which says that it is ours.
///
/// Both are held by descriptor, so that nothing is written into a folder that took this one's name;
/// and looked up by name again and again, since an owner who is found at that name no longer is the
/// only one, or the last: the folder was deleted, moved or replaced, or its lock was, behind which
/// another process may have opened the store.
///
/// Threads: one at a time.
class StorePlace {
public:
    struct Error {
        bool in_use = false;  // by another process
        std::string what;
    };

    /// Takes the lock, which is made if there is none.
    [[nodiscard]] static Result<std::unique_ptr<StorePlace>, Error> take(const std::string& path);
    /// For readers, who may be many and change nothing: nobody writes meanwhile. Where there is no
    /// lock, or none that may be read, they do without.
    [[nodiscard]] static Result<std::unique_ptr<StorePlace>, Error> read(const std::string& path);
    ~StorePlace();
    StorePlace(const StorePlace&) = delete;
    StorePlace& operator=(const StorePlace&) = delete;

    /// The name by which this folder is reached wherever it is.
    [[nodiscard]] std::string reach() const { return folder_.reach().string(); }
    /// Why the store is no longer at its place; nothing if it is. Two look-ups of a name.
    [[nodiscard]] std::optional<std::string> missing() const;
    /// Takes a lock anew that somebody deleted, if nobody else has one, and only in our own folder.
    /// True: it did, and others may have had the store meanwhile. False: all is in its place.
    [[nodiscard]] Result<bool, Error> regain();

private:
    explicit StorePlace(HeldFolder folder) : folder_{std::move(folder)} {}
    [[nodiscard]] Result<void, Error> lock(bool reading);

    HeldFolder folder_;
    int lock_ = -1;
    FileId lock_id_;
};

}  // namespace cairn
