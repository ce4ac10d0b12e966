#include <rocksdb/utilities/checkpoint.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "storage/rocks_database.hpp"
#include "storage/rocks_status.hpp"
#include "storage/rocks_store.hpp"

namespace cairn {

using rocksdb::IOStatus;
using rocksdb::Status;

namespace {

constexpr std::size_t kDigits = 6;
constexpr std::size_t kDigitsMax = 18;
constexpr std::string_view kUnfinished = ".part";

/// 000001, and beyond six digits as many as it takes.
bool is_backup_name(std::string_view name) {
    return name.size() >= kDigits && name.size() <= kDigitsMax &&
           (name.size() == kDigits || name.front() != '0') &&
           name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// What a crash left of one: RocksDB builds a checkpoint under a name of its own, `.tmp` behind
/// ours.
bool is_unfinished_name(std::string_view name) {
    if (name.ends_with(".tmp")) name.remove_suffix(4);
    if (!name.ends_with(kUnfinished)) return false;
    name.remove_suffix(kUnfinished.size());
    return is_backup_name(name);
}

/// The folder may be one where people keep other things: what is not of our making is no backup.
bool is_backup(rocksdb::FileSystem& fs, const std::string& path) {
    return fs.FileExists(path + "/" + LastCommitFile::kName, {}, nullptr).ok();
}

std::string backup_name(std::uint64_t number) {
    const std::string digits = std::to_string(number);
    return std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

IOStatus remove_directory(rocksdb::FileSystem& fs, const std::string& path) {
    std::vector<std::string> names;
    if (auto s = fs.GetChildren(path, {}, &names, nullptr); !s.ok()) return s;
    for (const std::string& name : names) {
        if (name == "." || name == "..") continue;
        if (auto s = fs.DeleteFile(path + "/" + name, {}, nullptr); !s.ok()) return s;
    }
    return fs.DeleteDir(path, {}, nullptr);
}

/// The finished backups in rising order. What a crash left half done is removed.
IOStatus list_backups(rocksdb::FileSystem& fs, const std::string& dir,
                      std::vector<std::uint64_t>& numbers) {
    std::vector<std::string> names;
    if (auto s = fs.GetChildren(dir, {}, &names, nullptr); !s.ok()) return s;
    for (const std::string& name : names) {
        if (is_unfinished_name(name)) {
            if (auto s = remove_directory(fs, dir + "/" + name); !s.ok()) return s;
        } else if (is_backup_name(name) && is_backup(fs, dir + "/" + name)) {
            numbers.push_back(std::stoull(name));
        }
    }
    std::sort(numbers.begin(), numbers.end());
    return IOStatus::OK();
}

}  // namespace

Result<std::string, StoreError> RocksStore::backup() {
    const std::scoped_lock lock{mutex_};
    return guarded([&] { return backup_locked(); });
}

Result<std::string, StoreError> RocksStore::backup_locked() {
    if (auto well = check_locked(); !well) return fail(std::move(well.error()));
    const std::string& backups = site_->backups;
    rocksdb::FileSystem& fs = database_->fs();
    if (auto s = fs.CreateDirIfMissing(backups, {}, nullptr); !s.ok())
        return fail(to_store_error(s));
    std::vector<std::uint64_t> numbers;
    if (auto s = list_backups(fs, backups, numbers); !s.ok()) return fail(to_store_error(s));
    const std::string path = backups + "/" + backup_name(numbers.empty() ? 1 : numbers.back() + 1);
    const std::string unfinished = path + std::string{kUnfinished};
    if (auto made = make_backup(unfinished); !made) {
        // What there is of it may be what the disk lacks room for.
        (void)remove_directory(fs, unfinished);
        (void)remove_directory(fs, unfinished + ".tmp");
        return fail(std::move(made.error()));
    }
    if (auto s = fs.RenameFile(unfinished, path, {}, nullptr); !s.ok())
        return fail(to_store_error(s));
    if (auto s = sync_directory(fs, backups); !s.ok()) return fail(to_store_error(s));
    if (auto pruned = prune_backups(); !pruned) return fail(std::move(pruned.error()));
    return path;
}

Result<void, StoreError> RocksStore::make_backup(const std::string& unfinished) {
    rocksdb::FileSystem& fs = database_->fs();
    rocksdb::Checkpoint* made = nullptr;
    if (auto s = rocksdb::Checkpoint::Create(&database_->db(), &made); !s.ok())
        return fail(to_store_error(s));
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint{made};
    if (auto s = checkpoint->CreateCheckpoint(unfinished); !s.ok()) return fail(to_store_error(s));

    LastCommit last = committed_;
    if (auto s = current_manifest(fs, unfinished, last.manifest.number); !s.ok())
        return fail(to_store_error(s));
    if (auto s = mark_manifest(fs, unfinished, last.manifest.number, UINT64_MAX, last.manifest);
        !s.ok())
        return fail(to_store_error(s));
    if (auto s = LastCommitFile::create(fs, unfinished, last); !s.ok())
        return fail(to_store_error(s));
    return {};
}

Result<void, StoreError> RocksStore::prune_backups() {
    rocksdb::FileSystem& fs = database_->fs();
    const std::string& backups = site_->backups;
    std::vector<std::uint64_t> numbers;
    if (auto s = list_backups(fs, backups, numbers); !s.ok()) return fail(to_store_error(s));
    for (std::size_t i = 0; i + kBackupsKept < numbers.size(); ++i) {
        const std::string path = backups + "/" + backup_name(numbers[i]);
        // Renamed first, so that what is half deleted does not look like a backup.
        if (auto s = fs.RenameFile(path, path + std::string{kUnfinished}, {}, nullptr); !s.ok())
            return fail(to_store_error(s));
        if (auto s = remove_directory(fs, path + std::string{kUnfinished}); !s.ok())
            return fail(to_store_error(s));
    }
    return {};
}

}  // namespace cairn
