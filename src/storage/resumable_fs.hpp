#pragma once

#include <rocksdb/file_system.h>

#include <memory>

namespace cairn {

/// The text that marks a full disk in the statuses of a `resumable` file system.
inline constexpr const char* kNoSpaceText = "no space left on the disk";

/// `target`, with its write errors marked as such that may go away.
///
/// RocksDB takes a failed write or sync of its log for fatal, so that only a new opening helps; but
/// snapshots keep the database open and readers shall not be cut off. For a retryable error it
/// becomes read-only instead, and `DB::Resume` writes what it holds in memory, which is exactly
/// what was acknowledged, to new files: nothing relies on a page that once failed to sync. A full
/// disk it would poll by itself, at intervals of its own; here it is one more error that the caller
/// resumes.
[[nodiscard]] std::shared_ptr<rocksdb::FileSystem> resumable(
    std::shared_ptr<rocksdb::FileSystem> target);

}  // namespace cairn
