#pragma once

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ledger/store.hpp"
#include "storage/last_commit.hpp"
#include "storage/store_fs.hpp"
#include "storage/store_log.hpp"
#include "storage/store_place.hpp"

namespace rocksdb {
class Cache;
class WriteBufferManager;
}  // namespace rocksdb

namespace cairn {

/// Column families. Each costs about 2 ms at every start and a memtable, so tables share one where
/// they are used alike: `chain` is written once, in the order of height, large and seldom read
/// twice; `state` is many small rows, looked up by key at random, most often in vain for
/// `transactions`; the default family is small and always warm (meta, pool, peers).
enum class Family : std::uint8_t { meta, chain, state };

[[nodiscard]] Family family_of(Table table);

/// What all openings of one store have in common, among it their memory: a database that was given
/// up and its successor share one bound.
struct StoreSite {
    std::string path;   // as it was named
    std::string reach;  // by which RocksDB reaches it
    std::string backups;
    bool read_only = false;
    std::shared_ptr<StorePlace> place;  // null: on a file system that was handed in
    std::shared_ptr<StoreDisk> disk;
    std::shared_ptr<rocksdb::SystemClock> clock;  // null: the machine's own
    std::shared_ptr<rocksdb::Cache> cache;
    std::shared_ptr<rocksdb::WriteBufferManager> buffers;
    std::shared_ptr<StoreLog> log;
    std::size_t memtable_bytes = 0;  // half of the longest log
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
    explicit RocksDatabase(std::shared_ptr<const StoreSite> site);
    RocksDatabase(const RocksDatabase&) = delete;
    RocksDatabase& operator=(const RocksDatabase&) = delete;
    ~RocksDatabase();

    /// Takes the lock file that keeps a second process out, where there is no `StorePlace`.
    [[nodiscard]] rocksdb::IOStatus lock();
    /// Opens without a change to the disk, says how far the store reaches, and closes again.
    [[nodiscard]] rocksdb::Status inspect(const LastCommit& last, std::uint64_t& sequence);
    /// As `inspect`, but it stays open.
    [[nodiscard]] rocksdb::Status open_read_only(const LastCommit& last);
    [[nodiscard]] rocksdb::Status open(const LastCommit& last, bool create);
    /// It changes nothing on the disk any more, and can still be read.
    void give_up();
    [[nodiscard]] bool given_up() const { return fs_->given_up(); }
    /// The manifest as it is now.
    [[nodiscard]] rocksdb::Status manifest(ManifestMark& mark) const;
    /// Whether the manifest may have changed since this was last asked.
    [[nodiscard]] bool manifest_moved();

    [[nodiscard]] rocksdb::DB& db() const { return *db_; }
    [[nodiscard]] rocksdb::FileSystem& fs() const { return *fs_; }
    [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Table table) const {
        return families_[static_cast<std::size_t>(family_of(table))];
    }

private:
    [[nodiscard]] rocksdb::DBOptions options(const LastCommit& last);

    std::shared_ptr<const StoreSite> site_;
    std::shared_ptr<StoreFs> fs_;
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
