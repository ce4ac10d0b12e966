#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace cairn {

/// The text that marks a full disk in the statuses of a `StoreFs`.
inline constexpr const char* kNoSpaceText = "no space left on the disk";

class StoreDisk;

/// The file system of one opening of a store.
///
/// A database that has failed is given up: it serves those who hold a snapshot of it, and the store
/// is opened anew beside it, so that nobody has to stop reading. `give_up` cuts it off: from then
/// on it changes nothing on the disk, neither in the background nor when it is closed. What its
/// successors delete meanwhile stays until it is gone, since it may read it yet.
///
/// Write errors are marked as such that may go away, and a full disk as one of them: RocksDB then
/// becomes read-only, whereas otherwise it tries again by itself, at intervals of its own.
///
/// Threads: any.
class StoreFs final : public rocksdb::FileSystemWrapper {
public:
    using Options = rocksdb::IOOptions;
    using Context = rocksdb::IODebugContext;
    using Status = rocksdb::IOStatus;

    StoreFs(std::shared_ptr<rocksdb::FileSystem> target, std::shared_ptr<StoreDisk> disk);
    ~StoreFs() override;

    void give_up();
    [[nodiscard]] bool given_up() const { return *given_up_; }

    [[nodiscard]] const char* Name() const override { return "StoreFs"; }
    Status NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           Context* context) override;
    Status ReopenWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              Context* context) override;
    Status ReuseWritableFile(const std::string& path, const std::string& old,
                             const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* out,
                             Context* context) override;
    Status NewRandomRWFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* out,
                           Context* context) override;
    Status NewDirectory(const std::string& path, const Options& options,
                        std::unique_ptr<rocksdb::FSDirectory>* out, Context* context) override;
    Status DeleteFile(const std::string& path, const Options& options, Context* context) override;
    Status Truncate(const std::string& path, std::size_t size, const Options& options,
                    Context* context) override;
    Status CreateDir(const std::string& path, const Options& options, Context* context) override;
    Status CreateDirIfMissing(const std::string& path, const Options& options,
                              Context* context) override;
    Status DeleteDir(const std::string& path, const Options& options, Context* context) override;
    Status RenameFile(const std::string& from, const std::string& to, const Options& options,
                      Context* context) override;
    Status LinkFile(const std::string& from, const std::string& to, const Options& options,
                    Context* context) override;
    Status LockFile(const std::string& path, const Options& options, rocksdb::FileLock** out,
                    Context* context) override;
    Status UnlockFile(rocksdb::FileLock* lock, const Options& options, Context* context) override;

private:
    using GivenUp = std::shared_ptr<std::atomic<bool>>;

    template <class Do>
    [[nodiscard]] Status change(Do&& action);

    std::shared_ptr<StoreDisk> disk_;
    GivenUp given_up_;
};

/// What all openings of one store share: locks, which the next takes over from the last, and files
/// that are to be deleted once no given-up database reads them. Threads: any.
class StoreDisk : public std::enable_shared_from_this<StoreDisk> {
public:
    /// `folder` holds the database.
    StoreDisk(std::shared_ptr<rocksdb::FileSystem> target, std::string folder);
    ~StoreDisk();
    StoreDisk(const StoreDisk&) = delete;
    StoreDisk& operator=(const StoreDisk&) = delete;

    /// For the next opening.
    [[nodiscard]] std::shared_ptr<StoreFs> open();
    /// Databases that were given up and are still read.
    [[nodiscard]] std::size_t given_up() const;

private:
    friend class StoreFs;
    struct State;

    void given_up_begins();
    void given_up_ends();
    /// Whether the file must stay for now.
    [[nodiscard]] bool keep(const std::string& path);
    /// A file of this name is made: whatever had it before is gone.
    void forget(const std::string& path);
    [[nodiscard]] rocksdb::IOStatus lock(const std::string& path, rocksdb::FileLock** out);
    [[nodiscard]] rocksdb::IOStatus unlock(rocksdb::FileLock* lock);

    std::shared_ptr<rocksdb::FileSystem> target_;
    std::string folder_;
    std::unique_ptr<State> state_;
};

}  // namespace cairn
