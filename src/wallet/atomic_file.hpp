#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "wallet/secret.hpp"

namespace cairn {

/// The steps of an atomic write, in their order.
enum class WriteStep : std::uint8_t { create, write, sync, publish, sync_directory };

/// Called before each step; an error stands for the step's own failure. For tests.
using BeforeStep = std::function<std::error_code(WriteStep)>;

enum class IfExists : std::uint8_t { replace, refuse };

/// Writes a small file so that whoever reads it, also after a crash, finds the old one or the new
/// one whole: a new file beside it (mode 0600, O_EXCL), fsync, rename (or link, which refuses what
/// exists), fsync of the folder. On an error the file beside it is gone; only a crash can leave it
/// behind, named `….tmp`. A link stays, and what it leads to is written; only a regular file is
/// replaced. An error of `sync_directory` leaves the new file in place, though not
/// surely after a crash. Errors: the system's; `errc::file_exists` with IfExists::refuse;
/// `errc::operation_not_permitted` where something stands that is no regular file. Blocks on
/// the disk. Any thread.
[[nodiscard]] Result<void, std::error_code> write_atomically(const std::filesystem::path& path,
                                                             ByteView content, IfExists if_exists,
                                                             const BeforeStep& before = {});

/// The content of a regular file of at most `size_max` bytes; links are followed.
/// Errors: the system's; `errc::file_too_large`.
[[nodiscard]] Result<SecretBytes, std::error_code> read_small_file(
    const std::filesystem::path& path, std::size_t size_max);

/// Removes a file for good: unlink, fsync of the folder. No file is no error.
[[nodiscard]] std::error_code remove_durably(const std::filesystem::path& path);

/// Whether this is the name of what a crash left behind of a write: `….0123456789abcdef.tmp`.
[[nodiscard]] bool is_left_behind(const std::filesystem::path& path);

/// Makes the folder if it is missing, and all that is missing above it, closed to everyone but
/// their owner (mode 0700). One that exists, or that a link leads to, is left as it is.
[[nodiscard]] std::error_code make_private_folder(const std::filesystem::path& path);

/// Whether somebody else than its owner may make and remove files in this folder.
[[nodiscard]] bool others_may_write(const std::filesystem::path& path);

}  // namespace cairn
