#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "ledger/store.hpp"
#include "storage/last_commit.hpp"

namespace rocksdb {
class FileSystem;
class SystemClock;
}  // namespace rocksdb

namespace cairn {

class RocksDatabase;
struct StoreSite;

struct RocksStoreOptions {
    std::string backups;  // directory of the backups; empty: `backups` beside the store
    std::size_t cache_bytes = 16UL * 1024 * 1024;  // blocks of files, their indexes and filters
    /// What is not yet in files: beyond it the oldest of it is written out. Charged to one cache
    /// together with the rest, so that the two bounds are the bound of all.
    std::size_t write_buffer_bytes = 24UL * 1024 * 1024;
    /// The log may be twice as long before what its oldest part holds is written out.
    std::size_t memtable_bytes = 8UL * 1024 * 1024;
    int open_files = 512;
    std::function<void(const std::string&)> note;  // what RocksDB warns of, a line; null: nothing
    std::shared_ptr<rocksdb::FileSystem> file_system;  // null: the machine's own
    std::shared_ptr<rocksdb::SystemClock> clock;       // null: the machine's own
};

/// Why a store could not be opened, and the whole sentence for the operator: what is wrong and
/// which command helps.
struct OpenStoreError {
    enum class Reason : std::uint8_t { locked, newer_schema, damaged, no_space, io };
    Reason reason = Reason::io;
    std::string sentence;
};

/// The store on disk: RocksDB behind the port, and the side file of last_commit.hpp.
///
/// A table is a leading byte inside one of three column families. A write is one WriteBatch,
/// synced, and then the side file, synced: two syncs.
///
/// After a failed write the store is read-only: every write gives the same error until `recover`.
/// Such a write is in no snapshot, and does not come back at a later opening unless the power goes
/// before even the side file could be told of it; nobody was told that it was kept. It is read-only
/// as well while the disk is all but full, and while it is no longer at its place (`StorePlace`).
/// Reading goes on through all of this, and through the recovery.
///
/// Threads: one writer at a time (write, backup, check, recover, verify); snapshots from any
/// thread. A snapshot keeps the database open, and its directory locked, beyond the store itself.
class RocksStore final : public Store {
public:
    /// The layout of keys and families. A store of a larger one is refused.
    static constexpr std::uint32_t kSchema = 1;
    static constexpr std::size_t kBackupsKept = 10;
    /// Bytes of the disk that are left to others: RocksDB's own jobs, users' files.
    static constexpr std::uint64_t kRoomLeft = 1024UL * 1024;
    /// Bytes that must be free before it is written to again, so that it does not come and go.
    static constexpr std::uint64_t kRoomToGoOn = 2 * kRoomLeft;
    /// Databases that have failed and are still read; with more of them it waits with the recovery.
    static constexpr std::size_t kGivenUpMax = 4;

    /// Opens the store in directory `path`, or makes one if there is none. Nothing is repaired: a
    /// store that is damaged, or that came back older than it was, is refused and left as it is.
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>, OpenStoreError> open(
        const std::string& path, const RocksStoreOptions& options);

    /// For readers: changes nothing on the disk, so that the medium may be read-only. Refuses what
    /// `open` refuses, and that there is no store.
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>, OpenStoreError> open_read_only(
        const std::string& path, const RocksStoreOptions& options);

    ~RocksStore() override;

    [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const override;
    [[nodiscard]] Result<void, StoreError> write(const Batch& batch) override;
    /// A checkpoint `<backups>/000001`, which opens as a store itself; files are shared by hard
    /// links where the disk can. The newest ten are kept. Its path.
    [[nodiscard]] Result<std::string, StoreError> backup() override;

    /// Whether it could be written to as far as can be seen from outside: it is at its place, and
    /// the disk has room. If not, it is read-only from now on.
    [[nodiscard]] Result<void, StoreError> check();
    /// After a failed write: makes the store writable again once the disk is well, with exactly
    /// what was acknowledged. Cheap to call again and again; succeeds at once if nothing is wrong.
    [[nodiscard]] Result<void, StoreError> recover();
    /// Reads every file once and holds it against its checksums.
    [[nodiscard]] Result<void, StoreError> verify();

private:
    class View;

    /// An open database and its side file.
    struct Opened {
        std::shared_ptr<RocksDatabase> database;
        LastCommitFile last_commit;
    };
    [[nodiscard]] static Result<std::shared_ptr<const StoreSite>, OpenStoreError> make_site(
        const std::string& path, const RocksStoreOptions& options, bool read_only);
    [[nodiscard]] static Result<std::unique_ptr<RocksStore>, OpenStoreError> open_at(
        const std::string& path, const RocksStoreOptions& options, bool read_only);
    [[nodiscard]] static Result<Opened, OpenStoreError> open_files(
        const std::shared_ptr<const StoreSite>& site);
    RocksStore(std::shared_ptr<const StoreSite> site, Opened opened);

    [[nodiscard]] Result<void, StoreError> halt(StoreError error);
    [[nodiscard]] Result<void, StoreError> check_place();
    [[nodiscard]] Result<void, StoreError> check_room(std::uint64_t bytes) const;
    [[nodiscard]] Result<void, StoreError> check_locked();
    [[nodiscard]] Result<void, StoreError> write_locked(const Batch& batch);
    [[nodiscard]] Result<std::string, StoreError> backup_locked();
    [[nodiscard]] Result<void, StoreError> make_backup(const std::string& unfinished);
    [[nodiscard]] Result<void, StoreError> prune_backups();
    [[nodiscard]] Result<void, StoreError> recover_locked();
    [[nodiscard]] Result<void, StoreError> reopen();
    void note_manifest();

    const std::shared_ptr<const StoreSite> site_;
    mutable std::mutex database_mutex_;        // guards the pointer against `reopen`
    std::shared_ptr<RocksDatabase> database_;  // never null
    std::mutex mutex_;                         // one writer; guards what follows
    LastCommitFile last_commit_;
    LastCommit committed_;
    std::optional<StoreError> halted_;  // why writes are refused
    bool failed_ = false;               // so that it has to be opened anew
};

}  // namespace cairn
