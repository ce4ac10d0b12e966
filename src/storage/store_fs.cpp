#include "storage/store_fs.hpp"

#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace cairn {

using rocksdb::IOStatus;

namespace {

IOStatus mark(IOStatus status) {
    if (status.IsNoSpace()) status = IOStatus::IOError(kNoSpaceText, status.ToString());
    if (status.IsIOError()) status.SetRetryable(true);
    return status;
}

using GivenUpFlag = std::shared_ptr<std::atomic<bool>>;

IOStatus cut_off() { return mark(IOStatus::IOError("this opening of the store was given up")); }

/// What of a file counts is written down by others too, so that a file that is closed late may
/// stay as it is.
class StoreFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    using Base = rocksdb::FSWritableFileOwnerWrapper;
    using Options = rocksdb::IOOptions;
    using Context = rocksdb::IODebugContext;

    StoreFile(std::unique_ptr<rocksdb::FSWritableFile>&& file, GivenUpFlag given_up)
        : Base{std::move(file)}, given_up_{std::move(given_up)} {}

    IOStatus Append(const rocksdb::Slice& data, const Options& options, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Append(data, options, context));
    }
    IOStatus Append(const rocksdb::Slice& data, const Options& options,
                    const rocksdb::DataVerificationInfo& info, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Append(data, options, info, context));
    }
    IOStatus Truncate(std::uint64_t size, const Options& options, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Truncate(size, options, context));
    }
    IOStatus Close(const Options& options, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Close(options, context));
    }
    IOStatus Flush(const Options& options, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Flush(options, context));
    }
    IOStatus Sync(const Options& options, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Sync(options, context));
    }
    IOStatus Fsync(const Options& options, Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::Fsync(options, context));
    }
    IOStatus RangeSync(std::uint64_t offset, std::uint64_t size, const Options& options,
                       Context* context) override {
        return *given_up_ ? cut_off() : mark(Base::RangeSync(offset, size, options, context));
    }

private:
    GivenUpFlag given_up_;
};

class StoreDirectory final : public rocksdb::FSDirectory {
public:
    explicit StoreDirectory(std::unique_ptr<rocksdb::FSDirectory> target)
        : target_{std::move(target)} {}
    IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return mark(target_->Fsync(options, context));
    }
    IOStatus FsyncWithDirOptions(const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* context,
                                 const rocksdb::DirFsyncOptions& what) override {
        return mark(target_->FsyncWithDirOptions(options, context, what));
    }
    IOStatus Close(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
        return mark(target_->Close(options, context));
    }
    std::size_t GetUniqueId(char* id, std::size_t max_size) const override {
        return target_->GetUniqueId(id, max_size);
    }

private:
    std::unique_ptr<rocksdb::FSDirectory> target_;
};

/// One lock of the disk, held until the last opening that shares it lets go.
struct RealLock {
    RealLock(rocksdb::FileSystem& on, rocksdb::FileLock* held) : fs{on}, lock{held} {}
    RealLock(const RealLock&) = delete;
    RealLock& operator=(const RealLock&) = delete;
    ~RealLock() { (void)fs.UnlockFile(lock, {}, nullptr); }

    rocksdb::FileSystem& fs;
    rocksdb::FileLock* lock;
};

class SharedLock final : public rocksdb::FileLock {
public:
    explicit SharedLock(std::shared_ptr<RealLock> lock) : lock_{std::move(lock)} {}

private:
    std::shared_ptr<RealLock> lock_;
};

}  // namespace

struct StoreDisk::State {
    std::mutex mutex;  // guards all
    std::size_t given_up = 0;
    std::set<std::string> kept;  // deleted by a successor, and perhaps still read
    std::map<std::string, std::weak_ptr<RealLock>> locks;
};

StoreDisk::StoreDisk(std::shared_ptr<rocksdb::FileSystem> target, std::string folder)
    : target_{std::move(target)}, folder_{std::move(folder)}, state_{std::make_unique<State>()} {}

StoreDisk::~StoreDisk() = default;

std::shared_ptr<StoreFs> StoreDisk::open() {
    return std::make_shared<StoreFs>(target_, shared_from_this());
}

std::size_t StoreDisk::given_up() const {
    const std::lock_guard lock{state_->mutex};
    return state_->given_up;
}

void StoreDisk::given_up_begins() {
    const std::lock_guard lock{state_->mutex};
    ++state_->given_up;
}

void StoreDisk::given_up_ends() {
    const std::lock_guard lock{state_->mutex};
    if (--state_->given_up > 0) return;
    // One that cannot be deleted is found at the next start and deleted then.
    for (const std::string& path : state_->kept) (void)target_->DeleteFile(path, {}, nullptr);
    state_->kept.clear();
}

bool StoreDisk::keep(const std::string& path) {
    if (!path.ends_with(".sst") || path.substr(0, path.rfind('/')) != folder_) return false;
    const std::lock_guard lock{state_->mutex};
    if (state_->given_up == 0) return false;
    state_->kept.insert(path);
    return true;
}

void StoreDisk::forget(const std::string& path) {
    const std::lock_guard lock{state_->mutex};
    state_->kept.erase(path);
}

IOStatus StoreDisk::lock(const std::string& path, rocksdb::FileLock** out) {
    const std::lock_guard guard{state_->mutex};
    auto held = state_->locks[path].lock();
    if (!held) {
        rocksdb::FileLock* lock = nullptr;
        if (auto s = target_->LockFile(path, {}, &lock, nullptr); !s.ok()) return s;
        held = std::make_shared<RealLock>(*target_, lock);
        state_->locks[path] = held;
    }
    *out = new SharedLock{std::move(held)};  // NOLINT(cppcoreguidelines-owning-memory): by `unlock`
    return IOStatus::OK();
}

IOStatus StoreDisk::unlock(rocksdb::FileLock* lock) {
    const std::lock_guard guard{state_->mutex};
    delete static_cast<SharedLock*>(lock);  // NOLINT(cppcoreguidelines-owning-memory): of `lock`
    return IOStatus::OK();
}

StoreFs::StoreFs(std::shared_ptr<rocksdb::FileSystem> target, std::shared_ptr<StoreDisk> disk)
    : FileSystemWrapper{std::move(target)},
      disk_{std::move(disk)},
      given_up_{std::make_shared<std::atomic<bool>>(false)} {}

StoreFs::~StoreFs() {
    if (*given_up_) disk_->given_up_ends();
}

void StoreFs::give_up() {
    if (!given_up_->exchange(true)) disk_->given_up_begins();
}

template <class Do>
IOStatus StoreFs::change(Do&& action) {
    return *given_up_ ? cut_off() : mark(action());
}

IOStatus StoreFs::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                  std::unique_ptr<rocksdb::FSWritableFile>* out, Context* context) {
    return change([&] {
        disk_->forget(path);
        auto status = target()->NewWritableFile(path, options, out, context);
        if (status.ok()) *out = std::make_unique<StoreFile>(std::move(*out), given_up_);
        return status;
    });
}

IOStatus StoreFs::ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* out,
                                     Context* context) {
    return change([&] {
        disk_->forget(path);
        auto status = target()->ReopenWritableFile(path, options, out, context);
        if (status.ok()) *out = std::make_unique<StoreFile>(std::move(*out), given_up_);
        return status;
    });
}

IOStatus StoreFs::ReuseWritableFile(const std::string& path, const std::string& old,
                                    const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* out,
                                    Context* context) {
    return change([&] {
        disk_->forget(path);
        auto status = target()->ReuseWritableFile(path, old, options, out, context);
        if (status.ok()) *out = std::make_unique<StoreFile>(std::move(*out), given_up_);
        return status;
    });
}

IOStatus StoreFs::NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                                  std::unique_ptr<rocksdb::FSRandomRWFile>* out, Context* context) {
    return change([&] { return target()->NewRandomRWFile(path, options, out, context); });
}

IOStatus StoreFs::NewDirectory(const std::string& path, const Options& options,
                               std::unique_ptr<rocksdb::FSDirectory>* out, Context* context) {
    return change([&] {
        auto status = target()->NewDirectory(path, options, out, context);
        if (status.ok()) *out = std::make_unique<StoreDirectory>(std::move(*out));
        return status;
    });
}

IOStatus StoreFs::DeleteFile(const std::string& path, const Options& options, Context* context) {
    return change([&] {
        if (disk_->keep(path)) return IOStatus::OK();
        return target()->DeleteFile(path, options, context);
    });
}

IOStatus StoreFs::Truncate(const std::string& path, std::size_t size, const Options& options,
                           Context* context) {
    return change([&] { return target()->Truncate(path, size, options, context); });
}

IOStatus StoreFs::CreateDir(const std::string& path, const Options& options, Context* context) {
    return change([&] { return target()->CreateDir(path, options, context); });
}

IOStatus StoreFs::CreateDirIfMissing(const std::string& path, const Options& options,
                                     Context* context) {
    return change([&] { return target()->CreateDirIfMissing(path, options, context); });
}

IOStatus StoreFs::DeleteDir(const std::string& path, const Options& options, Context* context) {
    return change([&] { return target()->DeleteDir(path, options, context); });
}

IOStatus StoreFs::RenameFile(const std::string& from, const std::string& to, const Options& options,
                             Context* context) {
    return change([&] {
        disk_->forget(to);
        return target()->RenameFile(from, to, options, context);
    });
}

IOStatus StoreFs::LinkFile(const std::string& from, const std::string& to, const Options& options,
                           Context* context) {
    return change([&] {
        disk_->forget(to);
        return target()->LinkFile(from, to, options, context);
    });
}

IOStatus StoreFs::LockFile(const std::string& path, const Options&, rocksdb::FileLock** out,
                           Context*) {
    return disk_->lock(path, out);
}

IOStatus StoreFs::UnlockFile(rocksdb::FileLock* lock, const Options&, Context*) {
    return disk_->unlock(lock);
}

}  // namespace cairn
