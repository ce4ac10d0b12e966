#include "storage/rocks_store.hpp"

#include <rocksdb/convenience.h>
#include <rocksdb/iterator.h>
#include <rocksdb/write_batch.h>

#include <array>
#include <utility>

#include "storage/rocks_database.hpp"
#include "storage/rocks_status.hpp"
#include "storage/scan_budget.hpp"

namespace cairn {

using rocksdb::Slice;
using rocksdb::Status;

namespace {

std::string key_of(Table table, ByteView key) {
    std::string out;
    out.reserve(1 + key.size());
    out.push_back(static_cast<char>(table));
    out.append(as_text(key));
    return out;
}

std::string end_of(Table table, ByteView to) {
    return to.empty() ? std::string(1, static_cast<char>(static_cast<int>(table) + 1))
                      : key_of(table, to);
}

Slice slice(ByteView bytes) { return Slice{as_text(bytes)}; }

Bytes to_bytes(const Slice& slice) {
    const auto view = as_bytes(slice.ToStringView());
    return {view.begin(), view.end()};
}

StoreError displaced(const std::string& how) {
    return {StoreFault::displaced, "the store is not at its place any more: " + how};
}

}  // namespace

class RocksStore::View final : public Snapshot {
public:
    explicit View(std::shared_ptr<RocksDatabase> database)
        : database_{std::move(database)}, snapshot_{database_->db().GetSnapshot()} {}
    View(const View&) = delete;
    View& operator=(const View&) = delete;
    ~View() override { database_->db().ReleaseSnapshot(snapshot_); }

    Result<std::optional<Bytes>, StoreError> get(Table table, ByteView key) const override {
        return guarded([&]() -> Result<std::optional<Bytes>, StoreError> {
            rocksdb::PinnableSlice value;
            const Status status = database_->db().Get(read_options(), database_->family(table),
                                                      key_of(table, key), &value);
            if (status.IsNotFound()) return std::nullopt;
            if (!status.ok()) return fail(to_store_error(status));
            return to_bytes(value);
        });
    }
    Result<std::vector<Row>, StoreError> scan(Table table, ByteView from, ByteView to,
                                              Bounds bounds) const override {
        return walk<true>(table, from, to, bounds);
    }
    Result<std::vector<Row>, StoreError> scan_back(Table table, ByteView from, ByteView to,
                                                   Bounds bounds) const override {
        return walk<false>(table, from, to, bounds);
    }

private:
    [[nodiscard]] rocksdb::ReadOptions read_options() const {
        rocksdb::ReadOptions options;
        options.snapshot = snapshot_;
        return options;
    }
    template <bool kRising>
    [[nodiscard]] Result<std::vector<Row>, StoreError> walk(Table table, ByteView from, ByteView to,
                                                            Bounds bounds) const {
        return guarded([&]() -> Result<std::vector<Row>, StoreError> {
            const std::string first = key_of(table, from);
            const std::string end = end_of(table, to);
            std::vector<Row> rows;
            if (first >= end) return rows;
            const Slice lower{first};
            const Slice upper{end};
            rocksdb::ReadOptions options = read_options();
            options.iterate_lower_bound = &lower;
            options.iterate_upper_bound = &upper;
            const std::unique_ptr<rocksdb::Iterator> at{
                database_->db().NewIterator(options, database_->family(table))};
            ScanBudget budget{bounds};
            for (kRising ? at->Seek(lower) : at->SeekToLast(); at->Valid();
                 kRising ? at->Next() : at->Prev()) {
                Slice key = at->key();
                key.remove_prefix(1);
                if (!budget.take(key.size(), at->value().size())) break;
                rows.push_back({table, to_bytes(key), to_bytes(at->value())});
            }
            if (!at->status().ok()) return fail(to_store_error(at->status()));
            return rows;
        });
    }

    std::shared_ptr<RocksDatabase> database_;
    const rocksdb::Snapshot* snapshot_;
};

RocksStore::~RocksStore() {
    if (database_->given_up()) return;
    rocksdb::CancelAllBackgroundWork(&database_->db(), true);
    if (halted_ || !database_->manifest_moved()) return;
    note_manifest();
    (void)last_commit_.store(committed_);
}

std::shared_ptr<const Snapshot> RocksStore::snapshot() const {
    const std::scoped_lock lock{database_mutex_};
    return std::make_shared<const View>(database_);
}

Result<void, StoreError> RocksStore::write(const Batch& batch) {
    const std::scoped_lock lock{mutex_};
    return guarded([&] { return write_locked(batch); });
}

Result<void, StoreError> RocksStore::write_locked(const Batch& batch) {
    if (auto well = check_locked(); !well) return well;
    if (batch.empty()) return {};
    rocksdb::WriteBatch writes;
    for (const Table table : batch.cleared)
        writes.DeleteRange(database_->family(table), key_of(table, {}), end_of(table, {}));
    for (const Row& row : batch.rows) {
        const std::array<char, 1> prefix{static_cast<char>(row.table)};
        const std::array<Slice, 2> key{Slice{prefix.data(), 1}, slice(row.key)};
        const rocksdb::SliceParts key_parts{key.data(), 2};
        if (row.value) {
            const Slice value = slice(*row.value);
            writes.Put(database_->family(row.table), key_parts, rocksdb::SliceParts{&value, 1});
        } else {
            writes.Delete(database_->family(row.table), key_parts);
        }
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    if (const Status s = database_->db().Write(options, &writes); !s.ok())
        return halt(to_store_error(s));
    // Nobody is told that it was kept if it may be in a folder that is gone.
    if (auto there = check_place(); !there) return there;

    committed_.sequence = database_->db().GetLatestSequenceNumber();
    committed_.discard_later = false;
    if (database_->manifest_moved()) note_manifest();
    // The rows are in the log for good, so this write has succeeded; but the next one must not be
    // acknowledged before the side file is well again.
    if (const auto s = last_commit_.store(committed_); !s.ok()) {
        halted_ = to_store_error(s);
        failed_ = true;
    }
    return {};
}

Result<void, StoreError> RocksStore::halt(StoreError error) {
    halted_ = error;
    failed_ = true;
    committed_.discard_later = true;
    // It needs no room on the disk. If it fails too, there is nothing further to tell.
    (void)last_commit_.store(committed_);
    return fail(std::move(error));
}

Result<void, StoreError> RocksStore::check() {
    const std::scoped_lock lock{mutex_};
    return guarded([&] { return check_locked(); });
}

Result<void, StoreError> RocksStore::check_locked() {
    if (halted_) return fail(StoreError{*halted_});
    if (auto there = check_place(); !there) return there;
    if (auto room = check_room(kRoomLeft); !room) {
        halted_ = room.error();
        return room;
    }
    return {};
}

Result<void, StoreError> RocksStore::check_place() {
    if (!site_->place) return {};
    const auto missing = site_->place->missing();
    if (!missing) return {};
    halted_ = displaced(*missing);
    // Another process may have it by now: neither the database nor its side file is touched again.
    database_->give_up();
    failed_ = true;
    return fail(StoreError{*halted_});
}

Result<void, StoreError> RocksStore::check_room(std::uint64_t bytes) const {
    std::uint64_t free = 0;
    // A file system that does not tell is asked by writing.
    if (!database_->fs().GetFreeSpace(site_->reach, {}, &free, nullptr).ok() || free >= bytes)
        return {};
    constexpr std::uint64_t kKiB = 1024;
    return fail(StoreError{StoreFault::no_space,
                           std::string{kNoSpaceText} + ": " + std::to_string(free / kKiB) +
                               " KiB are free, and it is written to again at " +
                               std::to_string(kRoomToGoOn / kKiB) + " KiB"});
}

void RocksStore::note_manifest() {
    ManifestMark mark;
    // A manifest that cannot be read now stays covered as far as it was.
    if (database_->manifest(mark).ok()) committed_.manifest = mark;
}

Result<void, StoreError> RocksStore::recover() {
    const std::scoped_lock lock{mutex_};
    return guarded([&] { return recover_locked(); });
}

Result<void, StoreError> RocksStore::recover_locked() {
    if (!halted_) return {};
    if (site_->read_only) return fail(StoreError{*halted_});
    if (site_->place) {
        const auto again = site_->place->regain();
        if (!again) return fail(displaced(again.error().what));
        if (*again) {  // for a while it was anybody's
            database_->give_up();
            failed_ = true;
        }
    }
    if (auto room = check_room(kRoomToGoOn); !room) return room;
    if (failed_)
        if (auto opened = reopen(); !opened) return opened;
    failed_ = false;
    halted_.reset();
    return {};
}

Result<void, StoreError> RocksStore::reopen() {
    if (!database_->given_up()) {
        // The log may hold a write that failed: before it is read again the side file has to say
        // that it does not count.
        if (const auto s = LastCommitFile::create(database_->fs(), site_->reach, committed_);
            !s.ok())
            return fail(to_store_error(s));
        database_->give_up();
    }
    if (site_->disk->given_up() > kGivenUpMax)
        return fail(
            StoreError{StoreFault::io,
                       "it was opened anew several times already, and what failed before is "
                       "still being read"});
    auto opened = open_files(site_);
    if (!opened)
        return fail(StoreError{
            opened.error().reason == OpenStoreError::Reason::no_space  ? StoreFault::no_space
            : opened.error().reason == OpenStoreError::Reason::damaged ? StoreFault::corrupt
                                                                       : StoreFault::io,
            std::move(opened.error().sentence)});
    last_commit_ = std::move(opened->last_commit);
    committed_ = last_commit_.value();
    std::shared_ptr<RocksDatabase> old;  // closed outside the lock, if nobody reads it
    const std::scoped_lock lock{database_mutex_};
    old = std::exchange(database_, std::move(opened->database));
    return {};
}

Result<void, StoreError> RocksStore::verify() {
    const std::scoped_lock lock{mutex_};
    return guarded([&]() -> Result<void, StoreError> {
        if (halted_ && !site_->read_only) return fail(StoreError{*halted_});
        if (const Status s = database_->db().VerifyFileChecksums({}); !s.ok())
            return fail(to_store_error(s));
        if (const Status s = database_->db().VerifyChecksum({}); !s.ok())
            return fail(to_store_error(s));
        return {};
    });
}

}  // namespace cairn
