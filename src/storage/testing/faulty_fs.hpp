#pragma once

#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace cairn::testing {

/// What is left of the writes that were not synced when the power went.
enum class Unsynced : std::uint8_t {
    drop,  // nothing
    tear,  // of each file and each directory a prefix of its unsynced changes
    keep,  // everything, as after kill -9
};

/// A disk in memory under a RocksDB: it knows what was synced, fails when told to, and counts.
///
/// The model is the strictest one POSIX allows: a file's bytes last once the file was synced, and
/// its name lasts once its directory was. Changes of one file, and of the names in one directory,
/// reach the disk in their order; those of different ones in any.
///
/// Threads: any.
class FaultyFs final : public rocksdb::FileSystem {
public:
    FaultyFs();
    ~FaultyFs() override;

    /// Operations that change the disk (create, append, write, sync, rename, link, delete) so far.
    [[nodiscard]] std::uint64_t changes() const;
    /// Reads and opens for reading so far.
    [[nodiscard]] std::uint64_t reads() const;

    /// The power goes before the change with this number (counted as `changes` does, the first is
    /// 1): from it on every operation fails.
    void crash_at(std::uint64_t change);
    /// The change, or read, with this number fails: once, or it and all after it until `heal`.
    void fail_change(std::uint64_t number, bool for_ever, bool no_space);
    void fail_read(std::uint64_t number, bool for_ever);
    void heal();

    /// The disk after a power failure now; open files of before are dead. `seed` draws the torn
    /// ends.
    void power_failure(Unsynced unsynced, std::uint64_t seed);
    /// A second disk with the same content; synced or not, all counts as synced.
    [[nodiscard]] std::shared_ptr<FaultyFs> clone() const;

    [[nodiscard]] std::vector<std::string> files() const;
    [[nodiscard]] std::string content(const std::string& path) const;
    /// Damages a file behind everybody's back: synced, and not counted.
    void overwrite(const std::string& path, std::string content);
    void remove(const std::string& path);

    [[nodiscard]] const char* Name() const override { return "FaultyFs"; }

    using Options = rocksdb::IOOptions;
    using Context = rocksdb::IODebugContext;
    using Status = rocksdb::IOStatus;

    Status NewSequentialFile(const std::string& path, const rocksdb::FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out, Context*) override;
    Status NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                               Context*) override;
    Status NewWritableFile(const std::string& path, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* out, Context*) override;
    Status ReopenWritableFile(const std::string& path, const rocksdb::FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* out, Context*) override;
    Status NewRandomRWFile(const std::string& path, const rocksdb::FileOptions&,
                           std::unique_ptr<rocksdb::FSRandomRWFile>* out, Context*) override;
    Status NewDirectory(const std::string& path, const Options&,
                        std::unique_ptr<rocksdb::FSDirectory>* out, Context*) override;
    Status FileExists(const std::string& path, const Options&, Context*) override;
    Status GetChildren(const std::string& dir, const Options&, std::vector<std::string>* out,
                       Context*) override;
    Status DeleteFile(const std::string& path, const Options&, Context*) override;
    Status CreateDir(const std::string& path, const Options&, Context*) override;
    Status CreateDirIfMissing(const std::string& path, const Options&, Context*) override;
    Status DeleteDir(const std::string& path, const Options&, Context*) override;
    Status GetFileSize(const std::string& path, const Options&, std::uint64_t* size,
                       Context*) override;
    Status GetFileModificationTime(const std::string& path, const Options&, std::uint64_t* time,
                                   Context*) override;
    Status RenameFile(const std::string& from, const std::string& to, const Options&,
                      Context*) override;
    Status LinkFile(const std::string& from, const std::string& to, const Options&,
                    Context*) override;
    Status LockFile(const std::string& path, const Options&, rocksdb::FileLock** lock,
                    Context*) override;
    Status UnlockFile(rocksdb::FileLock* lock, const Options&, Context*) override;
    Status GetTestDirectory(const Options&, std::string* path, Context*) override;
    Status NewLogger(const std::string& path, const Options&, std::shared_ptr<rocksdb::Logger>* out,
                     Context*) override;
    Status GetAbsolutePath(const std::string& path, const Options&, std::string* out,
                           Context*) override;
    Status IsDirectory(const std::string& path, const Options&, bool* is, Context*) override;

private:
    struct File;
    class SequentialFile;
    class RandomAccessFile;
    class WritableFile;
    class RandomRWFile;
    class Directory;
    using Files = std::map<std::string, std::shared_ptr<File>>;  // by path; null is a directory

    /// A change of the names in a directory; a rename is one change, so it is never half done.
    struct Naming {
        std::string removed;  // empty: none
        std::string added;    // empty: none
        std::shared_ptr<File> file;
    };
    struct Fault {
        std::uint64_t at = 0;
        bool for_ever = false;
        bool no_space = false;
    };

    [[nodiscard]] Status change();
    [[nodiscard]] Status read();
    [[nodiscard]] static bool due(const std::optional<Fault>& fault, std::uint64_t number);
    void name(const std::string& dir, Naming naming);
    static void apply(Files& files, const Naming& naming);
    [[nodiscard]] Status open(const std::string& path, std::shared_ptr<File>& file);
    static std::string parent(const std::string& path);
    static std::string clean(const std::string& path);

    mutable std::recursive_mutex mutex_;  // a file's operation asks the disk, which counts
    Files files_;
    Files durable_;
    std::map<std::string, std::vector<Naming>> unsynced_names_;  // by directory
    std::set<std::string> locks_;
    std::uint64_t changes_ = 0;
    std::uint64_t reads_ = 0;
    std::uint64_t life_ = 0;  // a power failure begins the next; handles of the last are dead
    std::optional<std::uint64_t> crash_at_;
    std::optional<Fault> change_fault_;
    std::optional<Fault> read_fault_;
};

/// The machine's clock, but nobody sleeps by it: RocksDB waits a second after a failed job.
[[nodiscard]] std::shared_ptr<rocksdb::SystemClock> impatient_clock();

}  // namespace cairn::testing
