#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace cairn {

/// A file that is read front to back: a regular one, a pipe, a device, or "-" for standard input.
/// Errors are what the system says.
class InFile {
public:
    [[nodiscard]] static Result<InFile, std::string> open(const std::string& name);
    InFile(InFile&& other) noexcept;
    InFile& operator=(InFile&&) = delete;
    InFile(const InFile&) = delete;
    InFile& operator=(const InFile&) = delete;
    ~InFile();

    /// As many of `out` as there are; fewer at the end only.
    [[nodiscard]] Result<std::size_t, std::string> read(std::uint8_t* out, std::size_t size);

private:
    explicit InFile(int descriptor);
    int descriptor_;
    std::vector<std::uint8_t> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

/// A file that is written front to back. A regular one, or a name that is free, gets its new
/// content at once and whole with `finish`, or keeps the old one: it is written beside, as
/// `….part`, synced and renamed; links are followed first, and permissions stay. What is written
/// through as it comes:
/// "-" and the names of open descriptors (/dev/stdout, /dev/fd/3), pipes, devices. Errors are what
/// the system says.
class OutFile {
public:
    [[nodiscard]] static Result<OutFile, std::string> create(const std::string& name);
    OutFile(OutFile&& other) noexcept;
    OutFile& operator=(OutFile&&) = delete;
    OutFile(const OutFile&) = delete;
    OutFile& operator=(const OutFile&) = delete;
    /// Without `finish` nothing is left behind.
    ~OutFile();

    [[nodiscard]] Result<void, std::string> write(ByteView bytes);
    [[nodiscard]] Result<void, std::string> finish();
    /// Whether it is standard output, so that nothing else may be said there.
    [[nodiscard]] bool is_standard_output() const { return standard_output_; }

private:
    OutFile() = default;
    [[nodiscard]] Result<void, std::string> flush();
    [[nodiscard]] Result<void, std::string> put_in_place();
    [[nodiscard]] std::string part() const { return target_ + ".part"; }

    std::string target_;  // empty: written through
    int descriptor_ = -1;
    bool unfinished_ = false;  // a part of it lies on the disk
    bool standard_output_ = false;
    std::vector<std::uint8_t> buffer_;
};

/// The whole of a file, a pipe or standard input ("-"), of at most `size_max` bytes. The error is
/// what the system says, or that it is too large.
[[nodiscard]] Result<std::string, std::string> read_text(const std::string& name,
                                                         std::size_t size_max);

}  // namespace cairn
