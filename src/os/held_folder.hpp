#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <system_error>

#include "core/base/result.hpp"

namespace cairn {

/// What a file or folder is, whatever it is called.
struct FileId {
    dev_t device = 0;
    ino_t inode = 0;
    friend bool operator==(const FileId&, const FileId&) = default;
};

/// What `path` leads to; links are followed. Nothing: it leads nowhere.
[[nodiscard]] std::optional<FileId> id_of(const std::filesystem::path& path);

/// A folder held by its descriptor: it stays the one that was opened, whatever takes its name
/// meanwhile. A name is looked up anew by each call that is given it, so that whoever writes by
/// name writes into the folder of a stranger as soon as his own was moved away or replaced.
///
/// Threads: any, once it is open.
class HeldFolder {
public:
    /// Links are followed. Errors: the system's; `not_a_directory`.
    [[nodiscard]] static Result<HeldFolder, std::error_code> open(std::filesystem::path name);
    HeldFolder(HeldFolder&& other) noexcept;
    HeldFolder& operator=(HeldFolder&& other) noexcept;
    HeldFolder(const HeldFolder&) = delete;
    HeldFolder& operator=(const HeldFolder&) = delete;
    ~HeldFolder();

    /// A name that leads to this folder wherever it is moved: /proc/self/fd/N, or its own where
    /// there is no /proc.
    [[nodiscard]] const std::filesystem::path& reach() const { return reach_; }
    /// The name it was opened by.
    [[nodiscard]] const std::filesystem::path& name() const { return name_; }
    /// Whether that name still leads here.
    [[nodiscard]] bool in_place() const { return id_of(name_) == id_; }

private:
    HeldFolder() = default;

    std::filesystem::path name_;  // absolute
    std::filesystem::path reach_;
    int descriptor_ = -1;
    FileId id_;
};

}  // namespace cairn
