#include <rocksdb/cache.h>
#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "core/primitives/codec.hpp"
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

OpenStoreError in_use(const std::string& path, const std::string& how) {
    return {Reason::locked, "The store in " + path +
                                " is in use by another process: one node at a time (" + how + ")."};
}

OpenStoreError nothing_there(const std::string& path) {
    return {Reason::io, "There is no store in " + path + "."};
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
                                                        const StoreSite& site) {
    const std::string& path = site.path;
    LastCommitFile file;
    IOStatus status = site.read_only ? file.read(fs, site.reach) : file.open(fs, site.reach);
    if (status.IsNotFound()) {
        std::vector<std::string> names;
        if (auto s = fs.GetChildren(site.reach, {}, &names, nullptr); !s.ok())
            return fail(refused(path, s));
        if (std::any_of(names.begin(), names.end(), is_database_file))
            return fail(
                damaged(path, std::string{"the file "} + LastCommitFile::kName + " is missing"));
        if (site.read_only) return fail(nothing_there(path));
        LastCommit fresh;
        fresh.schema = RocksStore::kSchema;
        if (auto s = LastCommitFile::create(fs, site.reach, fresh); !s.ok())
            return fail(refused(path, s));
        status = file.open(fs, site.reach);
    }
    if (!status.ok()) return fail(refused(path, status));
    return file;
}

/// Holds the manifest against what the side file remembers of it.
Result<void, OpenStoreError> check_manifest(rocksdb::FileSystem& fs, const StoreSite& site,
                                            const ManifestMark& known) {
    const std::string& path = site.path;
    std::uint64_t number = 0;
    if (auto s = current_manifest(fs, site.reach, number); !s.ok()) return fail(refused(path, s));
    // A larger number was begun after the side file was last written, and is RocksDB's to check.
    if (number > known.number) return {};
    if (number < known.number) return fail(damaged(path, "CURRENT names an older manifest"));
    ManifestMark found;
    if (auto s = mark_manifest(fs, site.reach, number, known.size, found); !s.ok())
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
Result<void, OpenStoreError> check_footers(rocksdb::FileSystem& fs, const StoreSite& site) {
    const std::string& path = site.path;
    constexpr std::size_t kFooter = 53;
    constexpr std::size_t kMagicAt = 45;
    constexpr std::uint64_t kTableMagic = 0x88e241b785f4cff7;
    std::vector<std::string> names;
    if (auto s = fs.GetChildren(site.reach, {}, &names, nullptr); !s.ok())
        return fail(refused(path, s));
    for (const std::string& name : names) {
        if (!name.ends_with(".sst")) continue;
        std::uint64_t size = 0;
        const std::string file_path = site.reach + "/" + name;
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

Result<std::shared_ptr<const StoreSite>, OpenStoreError> RocksStore::make_site(
    const std::string& path, const RocksStoreOptions& options, bool read_only) {
    const auto target = options.file_system ? options.file_system : rocksdb::FileSystem::Default();
    if (read_only) {
        if (!target->FileExists(path, {}, nullptr).ok()) return fail(nothing_there(path));
    } else if (auto s = make_directory(*target, path); !s.ok()) {
        return fail(refused(path, s));
    }
    auto site = std::make_shared<StoreSite>();
    site->path = path;
    site->reach = path;
    site->read_only = read_only;
    site->backups = options.backups.empty() ? parent_of(path) + "/backups" : options.backups;
    if (!options.file_system) {
        auto place = read_only ? StorePlace::read(path) : StorePlace::take(path);
        if (!place && place.error().in_use) return fail(in_use(path, place.error().what));
        if (!place)
            return fail(OpenStoreError{Reason::io, "The store in " + path + " cannot be opened: " +
                                                       place.error().what + "."});
        site->place = std::move(*place);
        site->reach = site->place->reach();
    }
    site->disk = std::make_shared<StoreDisk>(target, site->reach);
    site->clock = options.clock;
    // A file's filter is one entry and may reach 2 MiB. By default a cache falls into shards of
    // half a MiB or little more, which cannot hold it: it would be read from disk again for every
    // row.
    constexpr int kShardBits = 2;
    site->cache =
        rocksdb::NewLRUCache(options.cache_bytes + options.write_buffer_bytes, kShardBits);
    site->buffers =
        std::make_shared<rocksdb::WriteBufferManager>(options.write_buffer_bytes, site->cache);
    site->log = std::make_shared<StoreLog>(options.note);
    site->memtable_bytes = options.memtable_bytes;
    site->open_files = options.open_files;
    return site;
}

Result<RocksStore::Opened, OpenStoreError> RocksStore::open_files(
    const std::shared_ptr<const StoreSite>& site) {
    const std::string& path = site->path;
    auto database = std::make_shared<RocksDatabase>(site);
    rocksdb::FileSystem& fs = database->fs();
    if (!site->place)
        if (auto s = database->lock(); !s.ok()) return fail(in_use(path, s.ToString()));

    auto file = open_last_commit(fs, *site);
    if (!file) return fail(std::move(file.error()));
    LastCommit last = file->value();
    if (last.schema > kSchema)
        return fail(OpenStoreError{
            Reason::newer_schema,
            "The store in " + path + " has schema " + std::to_string(last.schema) +
                ", this version reads schema " + std::to_string(kSchema) +
                ": it was written by a newer version of cairn, which is needed to open it."});

    const bool create = last.manifest.number == 0;
    if (create && site->read_only) return fail(nothing_there(path));
    if (!create) {
        if (auto held = check_manifest(fs, *site, last.manifest); !held)
            return fail(std::move(held.error()));
        if (auto held = check_footers(fs, *site); !held) return fail(std::move(held.error()));
    }
    if (!create && !site->read_only) {
        // Opening writes: it cuts the log and rolls the manifest. What is going to be refused
        // is found out first, so that it stays as it was found.
        std::uint64_t sequence = 0;
        if (auto s = database->inspect(last, sequence); !s.ok()) return fail(refused(path, s));
        if (auto held = check_sequence(path, sequence, last); !held)
            return fail(std::move(held.error()));
    }
    const auto status =
        site->read_only ? database->open_read_only(last) : database->open(last, create);
    if (!status.ok()) return fail(refused(path, status));
    if (auto held = check_sequence(path, database->db().GetLatestSequenceNumber(), last); !held)
        return fail(std::move(held.error()));
    if (site->read_only) return Opened{std::move(database), std::move(*file)};

    last.discard_later = false;
    if (auto s = database->manifest(last.manifest); !s.ok()) return fail(refused(path, s));
    if (auto s = file->store(last); !s.ok()) return fail(refused(path, s));
    return Opened{std::move(database), std::move(*file)};
}

Result<std::unique_ptr<RocksStore>, OpenStoreError> RocksStore::open_at(
    const std::string& path, const RocksStoreOptions& options, bool read_only) {
    try {
        auto site = make_site(path, options, read_only);
        if (!site) return fail(std::move(site.error()));
        auto opened = open_files(*site);
        if (!opened) return fail(std::move(opened.error()));
        return std::unique_ptr<RocksStore>{new RocksStore{std::move(*site), std::move(*opened)}};
    } catch (const std::exception& e) {
        return fail(OpenStoreError{
            Reason::io, "The store in " + path + " cannot be opened: " + e.what() + "."});
    }
}

Result<std::unique_ptr<RocksStore>, OpenStoreError> RocksStore::open(
    const std::string& path, const RocksStoreOptions& options) {
    return open_at(path, options, false);
}

Result<std::unique_ptr<RocksStore>, OpenStoreError> RocksStore::open_read_only(
    const std::string& path, const RocksStoreOptions& options) {
    return open_at(path, options, true);
}

RocksStore::RocksStore(std::shared_ptr<const StoreSite> site, Opened opened)
    : site_{std::move(site)},
      database_{std::move(opened.database)},
      last_commit_{std::move(opened.last_commit)},
      committed_{last_commit_.value()} {
    if (site_->read_only)
        halted_ = StoreError{StoreFault::io, "the store was opened for reading only"};
}

}  // namespace cairn
