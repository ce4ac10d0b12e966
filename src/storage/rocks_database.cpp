#include "storage/rocks_database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <utility>

#include "core/primitives/codec.hpp"

namespace cairn {

using rocksdb::IOStatus;
using rocksdb::Status;

class DiscardLater final : public rocksdb::WalFilter {
public:
    explicit DiscardLater(std::uint64_t sequence) : sequence_{sequence} {}
    WalProcessingOption LogRecordFound(unsigned long long, const std::string&,
                                       const rocksdb::WriteBatch& batch, rocksdb::WriteBatch*,
                                       bool*) override {
        // A batch begins with the number of its first row, eight bytes, little-endian.
        Reader reader{as_bytes(batch.Data())};
        return reader.integer<std::uint64_t>() > sequence_
                   ? WalProcessingOption::kStopReplay
                   : WalProcessingOption::kContinueProcessing;
    }
    [[nodiscard]] const char* Name() const override { return "cairn.DiscardLater"; }

private:
    std::uint64_t sequence_;
};

class JobWatch final : public rocksdb::EventListener {
public:
    explicit JobWatch(std::shared_ptr<StoreLog> log) : log_{std::move(log)} {}
    void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { moved_ = true; }
    void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
        moved_ = true;
    }
    /// The next write fails of it; here it is only said when it happened.
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, Status* status) override {
        if (reason != rocksdb::BackgroundErrorReason::kWriteCallback && !given_up_)
            log_->say("a background job failed: " + status->ToString());
    }
    [[nodiscard]] bool take_moved() { return moved_.exchange(false); }
    /// From now on its jobs fail because they shall.
    void give_up() { given_up_ = true; }

private:
    std::shared_ptr<StoreLog> log_;
    std::atomic<bool> given_up_ = false;
    std::atomic<bool> moved_ = false;
};

namespace {

constexpr std::size_t kNeverFull = 1024UL * 1024 * 1024;  // far beyond what all may take together
constexpr std::size_t kArenaBlock = 1024 * 1024;

/// The machine's threads over a file system and a clock of one's own.
class HandedEnv final : public rocksdb::EnvWrapper {
public:
    HandedEnv(const std::shared_ptr<rocksdb::FileSystem>& fs,
              std::shared_ptr<rocksdb::SystemClock> clock)
        : EnvWrapper{rocksdb::NewCompositeEnv(fs)} {
        file_system_ = fs;
        system_clock_ = std::move(clock);
    }
};

std::unique_ptr<rocksdb::Env> make_env(const std::shared_ptr<rocksdb::FileSystem>& fs,
                                       std::shared_ptr<rocksdb::SystemClock> clock) {
    if (!clock) return rocksdb::NewCompositeEnv(fs);
    return std::make_unique<HandedEnv>(fs, std::move(clock));
}

rocksdb::ColumnFamilyOptions family_options(Family family, const StoreSite& site) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = site.cache;
    table.cache_index_and_filter_blocks = true;  // so that the cache's bound is the bound of all
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    table.block_size = family == Family::chain ? 16 * 1024 : 4 * 1024;
    // What is larger than that stands alone: a small row beside a block of 4 MiB is read by itself.
    table.block_size_deviation = 100;

    rocksdb::ColumnFamilyOptions options;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    // No memtable is ever full by itself: the log's size and the memory of all of them say when
    // they are written out. RocksDB 7.8 that finds two full ones, and has no room on the disk for
    // the next log, forgets that it holds the second (ScheduleFlushes in db_impl_write.cc, mended
    // later), and ends the process when it is closed.
    options.write_buffer_size = kNeverFull;
    options.arena_block_size = std::min(kArenaBlock, site.memtable_bytes / 8);
    options.max_write_buffer_number = 3;
    options.level_compaction_dynamic_level_bytes = true;
    options.compression = rocksdb::kLZ4Compression;
    if (family == Family::chain) options.bottommost_compression = rocksdb::kZSTD;
    return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(const StoreSite& site) {
    return {
        {rocksdb::kDefaultColumnFamilyName, family_options(Family::meta, site)},
        {"chain", family_options(Family::chain, site)},
        {"state", family_options(Family::state, site)},
    };
}

std::string manifest_path(const std::string& dir, std::uint64_t number) {
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "/MANIFEST-%06llu",
                  static_cast<unsigned long long>(number));
    return dir + name.data();
}

bool manifest_number(std::string_view name, std::uint64_t& number) {
    constexpr std::string_view kPrefix = "MANIFEST-";
    if (!name.starts_with(kPrefix)) return false;
    name.remove_prefix(kPrefix.size());
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    return error == std::errc{} && end == name.data() + name.size();
}

}  // namespace

Family family_of(Table table) {
    switch (table) {
        case Table::headers:
        case Table::blocks:
        case Table::undo:
        case Table::best:
            return Family::chain;
        case Table::accounts:
        case Table::transactions:
        case Table::history:
            return Family::state;
        case Table::meta:
        case Table::pool:
        case Table::peers:
            break;
    }
    return Family::meta;
}

RocksDatabase::RocksDatabase(std::shared_ptr<const StoreSite> site)
    : site_{std::move(site)},
      fs_{site_->disk->open()},
      env_{make_env(fs_, site_->clock)},
      watch_{std::make_shared<JobWatch>(site_->log)} {}

RocksDatabase::~RocksDatabase() {
    if (db_) {
        for (auto* family : families_) (void)db_->DestroyColumnFamilyHandle(family);
        (void)db_->Close();
    }
    db_.reset();
    if (lock_ != nullptr) (void)fs_->UnlockFile(lock_, {}, nullptr);
}

IOStatus RocksDatabase::lock() {
    return fs_->LockFile(site_->reach + "/lock", {}, &lock_, nullptr);
}

rocksdb::DBOptions RocksDatabase::options(const LastCommit& last) {
    rocksdb::DBOptions options;
    options.env = env_.get();
    options.listeners = {watch_};
    options.paranoid_checks = true;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    // A log that is no longer written to must be there with the length it was synced at: without it
    // a lost or shortened older log goes unnoticed behind a newer one.
    options.track_and_verify_wals_in_manifest = true;
    options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
    options.max_open_files = site_->open_files;
    options.write_buffer_manager = site_->buffers;
    // Bounds the replay at start; beyond it what the oldest log holds is written out.
    options.max_total_wal_size = 2 * site_->memtable_bytes;
    options.max_manifest_file_size = 1024 * 1024;  // read whole at start
    options.skip_stats_update_on_db_open = true;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.max_background_jobs = 2;
    options.avoid_flush_during_shutdown = true;  // the log has it
    options.max_bgerror_resume_count = 0;        // RocksStore::recover alone mends
    options.info_log = site_->log;
    if (last.discard_later) {
        discard_ = std::make_unique<DiscardLater>(last.sequence);
        options.wal_filter = discard_.get();
    }
    return options;
}

Status RocksDatabase::open_read_only(const LastCommit& last) {
    rocksdb::DB* db = nullptr;
    Status status = rocksdb::DB::OpenForReadOnly(options(last), site_->reach, families(*site_),
                                                 &families_, &db);
    db_.reset(db);
    return status;
}

Status RocksDatabase::inspect(const LastCommit& last, std::uint64_t& sequence) {
    if (auto s = open_read_only(last); !s.ok()) return s;
    sequence = db_->GetLatestSequenceNumber();
    for (auto* family : std::exchange(families_, {})) (void)db_->DestroyColumnFamilyHandle(family);
    const Status status = db_->Close();
    db_.reset();
    return status;
}

Status RocksDatabase::open(const LastCommit& last, bool create) {
    rocksdb::DBOptions writable = options(last);
    writable.create_if_missing = create;
    writable.create_missing_column_families = create;
    rocksdb::DB* db = nullptr;
    Status status = rocksdb::DB::Open(writable, site_->reach, families(*site_), &families_, &db);
    db_.reset(db);
    return status;
}

void RocksDatabase::give_up() {
    watch_->give_up();
    fs_->give_up();
    rocksdb::CancelAllBackgroundWork(db_.get(), true);
}

Status RocksDatabase::manifest(ManifestMark& mark) const {
    std::vector<std::string> files;
    std::uint64_t size = 0;
    if (auto s = db_->GetLiveFiles(files, &size, false); !s.ok()) return s;
    for (const std::string& file : files) {
        std::uint64_t number = 0;
        if (manifest_number(file.substr(file.starts_with('/') ? 1 : 0), number))
            return mark_manifest(*fs_, site_->reach, number, size, mark);
    }
    return Status::Corruption("the database names no manifest");
}

bool RocksDatabase::manifest_moved() { return watch_->take_moved(); }

IOStatus current_manifest(rocksdb::FileSystem& fs, const std::string& dir, std::uint64_t& number) {
    std::string name;
    if (auto s = read_file(fs, dir + "/CURRENT", name); !s.ok()) return s;
    if (!name.ends_with('\n') || !manifest_number(name.substr(0, name.size() - 1), number))
        return IOStatus::Corruption("CURRENT names no manifest");
    return IOStatus::OK();
}

IOStatus mark_manifest(rocksdb::FileSystem& fs, const std::string& dir, std::uint64_t number,
                       std::uint64_t size, ManifestMark& mark) {
    std::string content;
    if (auto s = read_file(fs, manifest_path(dir, number), content, size); !s.ok()) return s;
    mark = {number, content.size(), crc32c(content)};
    return IOStatus::OK();
}

}  // namespace cairn
