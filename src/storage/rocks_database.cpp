#include "storage/rocks_database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/file_checksum.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>
#include <rocksdb/transaction_log.h>
#include <rocksdb/wal_filter.h>
#include <rocksdb/write_batch.h>

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
    void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { moved_ = true; }
    void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
        moved_ = true;
    }
    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, Status*) override {
        if (reason != rocksdb::BackgroundErrorReason::kWriteCallback) job_failed_ = true;
    }
    [[nodiscard]] bool take_moved() { return moved_.exchange(false); }
    [[nodiscard]] bool job_failed() const { return job_failed_; }

private:
    std::atomic<bool> job_failed_ = false;
    std::atomic<bool> moved_ = false;
};

namespace {

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

/// The inspection leaves no trace, not even a log of itself.
class SilentLogger final : public rocksdb::Logger {
public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

rocksdb::ColumnFamilyOptions family_options(Family family, const RocksTuning& tuning,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true;  // so that the cache's bound is the bound of all
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    table.block_size = family == Family::chain ? 16 * 1024 : 4 * 1024;

    rocksdb::ColumnFamilyOptions options;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.write_buffer_size = tuning.memtable_bytes;
    options.max_write_buffer_number = 3;
    options.level_compaction_dynamic_level_bytes = true;
    options.compression = rocksdb::kLZ4Compression;
    if (family == Family::chain) options.bottommost_compression = rocksdb::kZSTD;
    return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> families(const RocksTuning& tuning) {
    // A file's filter is one entry and may reach 2 MiB. By default a cache falls into shards of half a
    // MiB or little more, which cannot hold it: it would be read from disk again for every row.
    constexpr int kShardBits = 2;
    const auto cache = rocksdb::NewLRUCache(tuning.cache_bytes, kShardBits);
    return {
        {rocksdb::kDefaultColumnFamilyName, family_options(Family::meta, tuning, cache)},
        {"chain", family_options(Family::chain, tuning, cache)},
        {"state", family_options(Family::state, tuning, cache)},
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

RocksDatabase::RocksDatabase(std::shared_ptr<rocksdb::FileSystem> fs,
                             std::shared_ptr<rocksdb::SystemClock> clock, std::string path)
    : fs_{std::move(fs)},
      path_{std::move(path)},
      env_{make_env(fs_, std::move(clock))},
      watch_{std::make_shared<JobWatch>()} {}

RocksDatabase::~RocksDatabase() {
    if (db_) {
        for (auto* family : families_) (void)db_->DestroyColumnFamilyHandle(family);
        (void)db_->Close();
    }
    db_.reset();
    if (lock_ != nullptr) (void)fs_->UnlockFile(lock_, {}, nullptr);
}

IOStatus RocksDatabase::lock() { return fs_->LockFile(path_ + "/lock", {}, &lock_, nullptr); }

rocksdb::DBOptions RocksDatabase::options(const RocksTuning& tuning, const LastCommit& last) {
    rocksdb::DBOptions options;
    options.env = env_.get();
    options.listeners = {watch_};
    options.paranoid_checks = true;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    // A log that is no longer written to must be there with the length it was synced at: without it
    // a lost or shortened older log goes unnoticed behind a newer one.
    options.track_and_verify_wals_in_manifest = true;
    options.file_checksum_gen_factory = rocksdb::GetFileChecksumGenCrc32cFactory();
    options.max_open_files = tuning.open_files;
    options.max_total_wal_size = 2 * tuning.memtable_bytes;  // bounds the replay at start
    options.max_manifest_file_size = 1024 * 1024;            // read whole at start
    options.skip_stats_update_on_db_open = true;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.max_background_jobs = 2;
    options.avoid_flush_during_shutdown = true;  // the log has it
    options.max_bgerror_resume_count = 0;        // RocksStore::recover alone resumes
    options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    options.max_log_file_size = 1024 * 1024;
    options.keep_log_file_num = 2;
    if (last.discard_later) {
        discard_ = std::make_unique<DiscardLater>(last.sequence);
        options.wal_filter = discard_.get();
    }
    return options;
}

Status RocksDatabase::inspect(const RocksTuning& tuning, const LastCommit& last,
                              std::uint64_t& sequence) {
    rocksdb::DBOptions read_only = options(tuning, last);
    read_only.info_log = std::make_shared<SilentLogger>();
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    Status status =
        rocksdb::DB::OpenForReadOnly(read_only, path_, families(tuning), &handles, &db);
    const std::unique_ptr<rocksdb::DB> owned{db};
    if (!status.ok()) return status;
    sequence = owned->GetLatestSequenceNumber();
    for (auto* handle : handles) (void)owned->DestroyColumnFamilyHandle(handle);
    return owned->Close();
}

Status RocksDatabase::open(const RocksTuning& tuning, const LastCommit& last, bool create) {
    rocksdb::DBOptions writable = options(tuning, last);
    writable.create_if_missing = create;
    writable.create_missing_column_families = create;
    rocksdb::DB* db = nullptr;
    Status status = rocksdb::DB::Open(writable, path_, families(tuning), &families_, &db);
    db_.reset(db);
    return status;
}

void RocksDatabase::keep_memtable_filled() {
    std::uint64_t rows = 0;
    auto* family = families_[static_cast<std::size_t>(Family::meta)];
    if (!db_->GetIntProperty(family, rocksdb::DB::Properties::kNumEntriesActiveMemTable, &rows) ||
        rows > 0)
        return;
    // RocksDB resumes by flushing, and begins a new log only together with a flush. Were there
    // nothing to flush, it would go on writing to the log that has failed, and abort. This row is
    // in no table.
    rocksdb::WriteOptions in_memory;
    in_memory.disableWAL = true;
    (void)db_->Put(in_memory, family, "\xff", "");  // if it fails, so does the write that follows
}

std::uint64_t RocksDatabase::log_number() const {
    std::unique_ptr<rocksdb::LogFile> log;
    return db_->GetCurrentWalFile(&log).ok() && log ? log->LogNumber() : 0;
}

bool RocksDatabase::can_resume() const {
    if (watch_->job_failed()) return false;
    for (auto* family : families_) {
        for (const auto& property : {rocksdb::DB::Properties::kNumImmutableMemTable,
                                     rocksdb::DB::Properties::kMemTableFlushPending,
                                     rocksdb::DB::Properties::kNumRunningFlushes}) {
            std::uint64_t count = 0;
            if (!db_->GetIntProperty(family, property, &count) || count > 0) return false;
        }
    }
    return true;
}

Status RocksDatabase::resume() {
    const std::uint64_t failed = log_number();
    if (auto s = db_->Resume(); !s.ok()) return s;
    if (log_number() == failed)
        return Status::IOError("the log cannot be replaced before a restart");
    return Status::OK();
}

Status RocksDatabase::manifest(ManifestMark& mark) const {
    std::vector<std::string> files;
    std::uint64_t size = 0;
    if (auto s = db_->GetLiveFiles(files, &size, false); !s.ok()) return s;
    for (const std::string& file : files) {
        std::uint64_t number = 0;
        if (manifest_number(file.substr(file.starts_with('/') ? 1 : 0), number))
            return mark_manifest(*fs_, path_, number, size, mark);
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
