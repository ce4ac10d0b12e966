#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "core/primitives/codec.hpp"
#include "storage/resumable_fs.hpp"
#include "storage/rocks_database.hpp"
#include "storage/rocks_status.hpp"
#include "storage/rocks_store.hpp"

namespace cairn {

using rocksdb::IOStatus;
using rocksdb::Status;
using Reason = OpenStoreError::Reason;

namespace {

std::string parent_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

OpenStoreError damaged(const std::string& path, const std::string& what) {
    return {
        Reason::damaged,
        "The store in " + path + " is damaged: " + what +
            ". Nothing was changed. To begin anew, put a copy of one of the backups in its place, "
            "or `cairn import` an export into a fresh folder (docs/storage.md)."};
}

/// A failure met while opening: what names a missing file or a broken one is damage, the rest is
/// the machine's.
OpenStoreError refused(const std::string& path, const Status& status) {
    const StoreError error = to_store_error(status);
    if (error.fault == StoreFault::no_space)
        return {Reason::no_space, "The store in " + path + " cannot be opened: the disk is full (" +
                                      error.detail + ")."};
    if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound() ||
        status.IsInvalidArgument())
        return damaged(path, error.detail);
    return {Reason::io, "The store in " + path + " cannot be opened: the disk reports an error (" +
                            error.detail + "). `cairn node` may be started again once it is well."};
}

/// Makes `path` and what is missing above it, each name synced.
IOStatus make_directory(rocksdb::FileSystem& fs, const std::string& path) {
    if (fs.FileExists(path, {}, nullptr).ok()) return IOStatus::OK();
    const std::string parent = parent_of(path);
    if (parent != path)
        if (auto s = make_directory(fs, parent); !s.ok()) return s;
    if (auto s = fs.CreateDirIfMissing(path, {}, nullptr); !s.ok()) return s;
    return sync_directory(fs, parent);
}

bool is_database_file(const std::string& name) {
    return name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".sst") ||
           name.ends_with(".log");
}

/// The side file; made anew in a directory where no database has been.
Result<LastCommitFile, OpenStoreError> open_last_commit(rocksdb::FileSystem& fs,
                                                        const std::string& path) {
    LastCommitFile file;
    IOStatus status = file.open(fs, path);
    if (status.IsNotFound()) {
        std::vector<std::string> names;
        if (auto s = fs.GetChildren(path, {}, &names, nullptr); !s.ok())
            return fail(refused(path, s));
        if (std::any_of(names.begin(), names.end(), is_database_file))
            return fail(
                damaged(path, std::string{"the file "} + LastCommitFile::kName + " is missing"));
        LastCommit fresh;
        fresh.schema = RocksStore::kSchema;
        if (auto s = LastCommitFile::create(fs, path, fresh); !s.ok())
            return fail(refused(path, s));
        status = file.open(fs, path);
    }
    if (!status.ok()) return fail(refused(path, status));
    return file;
}

/// Holds the manifest against what the side file remembers of it.
Result<void, OpenStoreError> check_manifest(rocksdb::FileSystem& fs, const std::string& path,
                                            const ManifestMark& known) {
    std::uint64_t number = 0;
    if (auto s = current_manifest(fs, path, number); !s.ok()) return fail(refused(path, s));
    // A larger number was begun after the side file was last written, and is RocksDB's to check.
    if (number > known.number) return {};
    if (number < known.number) return fail(damaged(path, "CURRENT names an older manifest"));
    ManifestMark found;
    if (auto s = mark_manifest(fs, path, number, known.size, found); !s.ok())
        return fail(refused(path, s));
    if (found != known) return fail(damaged(path, "the manifest is not as it was written"));
    return {};
}

/// The end of a table file, which nothing sums up, says how the rest is summed up. A file that
/// claims to have no checksums would be believed whatever it holds.
///
/// Source: block-based table format 5, the last 53 bytes: checksum kind u8 | two handles, 40 bytes
/// | version u32 | magic u64. A file without the magic RocksDB refuses itself, if it is in use at
/// all.
Result<void, OpenStoreError> check_footers(rocksdb::FileSystem& fs, const std::string& path) {
    constexpr std::size_t kFooter = 53;
    constexpr std::size_t kMagicAt = 45;
    constexpr std::uint64_t kTableMagic = 0x88e241b785f4cff7;
    std::vector<std::string> names;
    if (auto s = fs.GetChildren(path, {}, &names, nullptr); !s.ok()) return fail(refused(path, s));
    for (const std::string& name : names) {
        if (!name.ends_with(".sst")) continue;
        std::uint64_t size = 0;
        const std::string file_path = path + "/" + name;
        if (auto s = fs.GetFileSize(file_path, {}, &size, nullptr); !s.ok())
            return fail(refused(path, s));
        if (size < kFooter) continue;
        std::unique_ptr<rocksdb::FSRandomAccessFile> file;
        if (auto s = fs.NewRandomAccessFile(file_path, {}, &file, nullptr); !s.ok())
            return fail(refused(path, s));
        std::array<char, kFooter> scratch{};
        rocksdb::Slice got;
        if (auto s = file->Read(size - kFooter, kFooter, {}, &got, scratch.data(), nullptr);
            !s.ok())
            return fail(refused(path, s));
        if (got.size() != kFooter) return fail(damaged(path, name + " cannot be read to its end"));
        Reader reader{as_bytes(got.ToStringView())};
        const auto kind = reader.integer<std::uint8_t>();
        (void)reader.raw(kMagicAt - 1);
        if (reader.integer<std::uint64_t>() == kTableMagic && kind != rocksdb::kXXH3)
            return fail(damaged(path, "the end of " + name + " is not as it was written"));
    }
    return {};
}

Result<void, OpenStoreError> check_sequence(const std::string& path, std::uint64_t found,
                                            const LastCommit& last) {
    if (found >= last.sequence) return {};
    return fail(damaged(path, "its log ends at write " + std::to_string(found) + ", but write " +
                                  std::to_string(last.sequence) + " was acknowledged"));
}

}  // namespace

Result<RocksStore::Opened, OpenStoreError> RocksStore::open_files(
    const std::string& path, const RocksStoreOptions& options) {
    try {
        auto fs =
            resumable(options.file_system ? options.file_system : rocksdb::FileSystem::Default());
        if (auto s = make_directory(*fs, path); !s.ok()) return fail(refused(path, s));
        auto database = std::make_shared<RocksDatabase>(fs, options.clock, path);
        if (auto s = database->lock(); !s.ok())
            return fail(OpenStoreError{Reason::locked,
                                       "The store in " + path +
                                           " is in use by another process: one node at a time (" +
                                           s.ToString() + ")."});

        auto file = open_last_commit(*fs, path);
        if (!file) return fail(std::move(file.error()));
        LastCommit last = file->value();
        if (last.schema > kSchema)
            return fail(OpenStoreError{
                Reason::newer_schema,
                "The store in " + path + " has schema " + std::to_string(last.schema) +
                    ", this version reads schema " + std::to_string(kSchema) +
                    ": it was written by a newer version of cairn, which is needed to open it."});

        const RocksTuning tuning{options.cache_bytes, options.memtable_bytes, options.open_files};
        const bool create = last.manifest.number == 0;
        if (!create) {
            if (auto held = check_manifest(*fs, path, last.manifest); !held)
                return fail(std::move(held.error()));
            if (auto held = check_footers(*fs, path); !held) return fail(std::move(held.error()));
            // Opening writes: it cuts the log and rolls the manifest. What is going to be refused
            // is found out first, so that it stays as it was found.
            std::uint64_t sequence = 0;
            if (auto s = database->inspect(tuning, last, sequence); !s.ok())
                return fail(refused(path, s));
            if (auto held = check_sequence(path, sequence, last); !held)
                return fail(std::move(held.error()));
        }
        if (auto s = database->open(tuning, last, create); !s.ok()) return fail(refused(path, s));
        if (auto held = check_sequence(path, database->db().GetLatestSequenceNumber(), last); !held)
            return fail(std::move(held.error()));

        last.discard_later = false;
        if (auto s = database->manifest(last.manifest); !s.ok()) return fail(refused(path, s));
        if (auto s = file->store(last); !s.ok()) return fail(refused(path, s));
        return Opened{std::move(database), std::move(*file)};
    } catch (const std::exception& e) {
        return fail(OpenStoreError{
            Reason::io, "The store in " + path + " cannot be opened: " + e.what() + "."});
    }
}

Result<std::unique_ptr<RocksStore>, OpenStoreError> RocksStore::open(
    const std::string& path, const RocksStoreOptions& options) {
    auto opened = open_files(path, options);
    if (!opened) return fail(std::move(opened.error()));
    return std::unique_ptr<RocksStore>{new RocksStore{path, options, std::move(*opened)}};
}

RocksStore::RocksStore(std::string path, RocksStoreOptions options, Opened opened)
    : path_{std::move(path)},
      options_{std::move(options)},
      backups_{options_.backups.empty() ? parent_of(path_) + "/backups" : options_.backups},
      database_{std::move(opened.database)},
      last_commit_{std::move(opened.last_commit)},
      committed_{last_commit_.value()} {}

Result<void, StoreError> RocksStore::reopen() {
    const std::scoped_lock lock{database_mutex_};
    if (database_.use_count() > 1)
        return fail(StoreError{StoreFault::held, "readers still hold " +
                                                   std::to_string(database_.use_count() - 1) +
                                                   " snapshots of the store that has failed"});
    if (database_) {
        // The log may hold the write that failed, or get the rest of it as it is closed: first the
        // side file has to say that it does not count.
        if (const auto s = LastCommitFile::create(database_->fs(), path_, committed_); !s.ok())
            return fail(to_store_error(s));
        database_.reset();
    }
    auto opened = open_files(path_, options_);
    if (!opened)
        return fail(StoreError{opened.error().reason == Reason::no_space  ? StoreFault::no_space
                               : opened.error().reason == Reason::damaged ? StoreFault::corrupt
                                                                          : StoreFault::io,
                               std::move(opened.error().sentence)});
    database_ = std::move(opened->database);
    last_commit_ = std::move(opened->last_commit);
    committed_ = last_commit_.value();
    return {};
}

}  // namespace cairn
