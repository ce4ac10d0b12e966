#pragma once

#include <rocksdb/file_system.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cairn {

/// A RocksDB manifest as it was when last looked at. It only grows, so these bytes must still be
/// there.
struct ManifestMark {
    std::uint64_t number = 0;  // 0: the database is not made yet
    std::uint64_t size = 0;    // bytes
    std::uint32_t checksum = 0;

    friend bool operator==(const ManifestMark&, const ManifestMark&) = default;
};

/// What the side file remembers of the store, so that an older state is never taken for the newest.
struct LastCommit {
    std::uint32_t schema = 0;
    std::uint64_t sequence = 0;  // RocksDB's number of the last acknowledged write
    bool discard_later = false;  // a write after it failed: the log must not bring that back
    ManifestMark manifest;
};

/// The side file `last-commit`.
///
/// A log cut at the end of a record, or damaged in the middle and opened in point-in-time mode,
/// looks to RocksDB like the log of an older store; so does a manifest cut anywhere, whose tail is
/// taken for a torn write. So after each durable write its number is written here and synced, and a
/// store that comes back below it is refused. The log is synced first: a crash between the two
/// leaves a number that is too small, which refuses nothing.
///
/// Two blocks of 4096 bytes, written in turn, so that a torn write spares the other. In each,
/// little-endian:
///
///      0   8  "cairn\0lc"
///      8   4  schema of the store
///     12   4  flags (1: discard later writes)
///     16   8  turn: the valid block with the larger one counts
///     24   8  sequence number
///     32   8  manifest number
///     40   8  manifest bytes
///     48   4  CRC-32C of these
///     52   4  zero
///     56   4  CRC-32C of bytes 0..55
///
/// Threads: one at a time.
class LastCommitFile {
public:
    static constexpr const char* kName = "last-commit";

    /// Writes a new file whole: beside the old one, synced, renamed over it, the directory synced.
    [[nodiscard]] static rocksdb::IOStatus create(rocksdb::FileSystem& fs, const std::string& dir,
                                                  const LastCommit& value);
    /// For reading only: `store` must not be called. `Corruption` if neither block is valid,
    /// `NotFound` if there is no file.
    [[nodiscard]] rocksdb::IOStatus read(rocksdb::FileSystem& fs, const std::string& dir);
    /// The same, and opened for `store`.
    [[nodiscard]] rocksdb::IOStatus open(rocksdb::FileSystem& fs, const std::string& dir);
    /// Durable on return: one write and one sync of a block that exists already.
    [[nodiscard]] rocksdb::IOStatus store(const LastCommit& value);

    [[nodiscard]] const LastCommit& value() const { return value_; }

private:
    LastCommit value_;
    std::uint64_t turn_ = 0;
    std::size_t block_ = 0;  // where the next value goes
    std::unique_ptr<rocksdb::FSRandomRWFile> file_;
};

/// The whole file, or its first `limit` bytes.
[[nodiscard]] rocksdb::IOStatus read_file(rocksdb::FileSystem& fs, const std::string& path,
                                          std::string& out,
                                          std::optional<std::uint64_t> limit = std::nullopt);
[[nodiscard]] rocksdb::IOStatus sync_directory(rocksdb::FileSystem& fs, const std::string& dir);
[[nodiscard]] std::uint32_t crc32c(const std::string& bytes);

}  // namespace cairn
