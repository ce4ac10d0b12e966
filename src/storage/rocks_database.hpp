#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ledger/store.hpp"
#include "storage/last_commit.hpp"

namespace cairn {

/// Column families. Each costs about 2 ms at every start and a memtable, so tables share one where
/// they are used alike: `chain` is written once, in the order of height, large and seldom read
/// twice; `state` is many small rows, looked up by key at random, most often in vain for
/// `transactions`; the default family is small and always warm (meta, pool, peers).
enum class Family : std::uint8_t { meta, chain, state };
inline constexpr std::size_t kFamilies = 3;

[[nodiscard]] Family family_of(Table table);

struct RocksTuning {
    std::size_t cache_bytes = 0;
    std::size_t memtable_bytes = 0;  // of one family; a family has at most three
    int open_files = 0;
};

/// Keeps what was written after `sequence` from being read back out of the log.
class DiscardLater;
/// Notes what the background jobs have done.
class JobWatch;

/// An open RocksDB with all that must outlive it, closed when the last holder (store or snapshot)
/// goes.
class RocksDatabase {
public:
    /// A null clock is the machine's own.
    RocksDatabase(std::shared_ptr<rocksdb::FileSystem> fs,
                  std::shared_ptr<rocksdb::SystemClock> clock, std::string path);
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;
    ~RocksDatabase();

    /// Takes the lock file that keeps a second process out.
    [[nodiscard]] rocksdb::IOStatus lock();
    /// Opens without a change to the disk, says how far the store reaches, and closes again.
    [[nodiscard]] rocksdb::Status inspect(const RocksTuning& tuning, const LastCommit& last,
                                          std::uint64_t& sequence);
    [[nodiscard]] rocksdb::Status open(const RocksTuning& tuning, const LastCommit& last,
                                       bool create);
    /// Before each write: sees to it that `resume` has something to flush. In memory only.
    void keep_memtable_filled();
    /// Whether `resume` may be called: only the log has failed. RocksDB 7.8 resumes badly from a
    /// failed flush or manifest: it waits for ever on a flush that was queued at that moment, or
    /// flushes one memtable into two files that overlap.
    [[nodiscard]] bool can_resume() const;
    /// Leaves the state after a failed write, with a new log; all that was acknowledged is flushed
    /// before, so that nothing depends on the old one.
    [[nodiscard]] rocksdb::Status resume();
    /// The manifest as it is now.
    [[nodiscard]] rocksdb::Status manifest(ManifestMark& mark) const;
    /// Whether the manifest may have changed since this was last asked.
    [[nodiscard]] bool manifest_moved();

    [[nodiscard]] rocksdb::DB& db() const { return *db_; }
    [[nodiscard]] rocksdb::FileSystem& fs() const { return *fs_; }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Table table) const {
        return families_[static_cast<std::size_t>(family_of(table))];
    }

private:
    [[nodiscard]] std::uint64_t log_number() const;
    [[nodiscard]] rocksdb::DBOptions options(const RocksTuning& tuning, const LastCommit& last);

    std::shared_ptr<rocksdb::FileSystem> fs_;
    std::string path_;
    std::unique_ptr<rocksdb::Env> env_;
    rocksdb::FileLock* lock_ = nullptr;
    std::unique_ptr<DiscardLater> discard_;
    std::shared_ptr<JobWatch> watch_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_;
};

/// The manifest that CURRENT names; `Corruption` or `PathNotFound` if CURRENT is no good.
[[nodiscard]] rocksdb::IOStatus current_manifest(rocksdb::FileSystem& fs, const std::string& dir,
                                                 std::uint64_t& number);
/// The mark of the first `size` bytes of a manifest.
[[nodiscard]] rocksdb::IOStatus mark_manifest(rocksdb::FileSystem& fs, const std::string& dir,
                                              std::uint64_t number, std::uint64_t size,
                                              ManifestMark& mark);

}  // namespace cairn
