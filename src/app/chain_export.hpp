#pragma once

#include <fstream>
#include <optional>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/crypto/sha256.hpp"

namespace cairn {

/// A chain as one file:
///
///   "CAIRNCH1" | bytes canonical chain spec | u64 number of blocks, genesis included
///   | per block: u32 size, the block | SHA-256 of all before
///
/// Integers little-endian, `bytes` with a varint length, as in docs/consensus.md.

/// Writes one beside its name and puts it there whole, or not at all: whatever ends it before `finish`
/// leaves no file behind. Errors are sentences.
class ExportWriter {
public:
    ~ExportWriter();
    ExportWriter(ExportWriter&& other) noexcept;
    ExportWriter& operator=(ExportWriter&&) = delete;
    ExportWriter(const ExportWriter&) = delete;
    ExportWriter& operator=(const ExportWriter&) = delete;
    [[nodiscard]] static Result<ExportWriter, std::string> create(const std::string& path, ByteView spec,
                                                                  std::uint64_t blocks);
    [[nodiscard]] Result<void, std::string> add(ByteView block);
    /// The digest, then fsync and rename.
    [[nodiscard]] Result<void, std::string> finish();

private:
    ExportWriter() = default;
    [[nodiscard]] Result<void, std::string> put(ByteView bytes);
    [[nodiscard]] std::string part() const { return path_ + ".part"; }
    std::string path_;
    bool unfinished_ = false;  // a part of it lies on the disk
    std::ofstream file_;
    Sha256 hasher_;
};

/// Reads one, front to back.
class ExportReader {
public:
    [[nodiscard]] static Result<ExportReader, std::string> open(const std::string& path);
    [[nodiscard]] const Bytes& spec() const { return spec_; }
    [[nodiscard]] std::uint64_t blocks() const { return blocks_; }
    /// The next block; nothing after the last, whose digest is then checked.
    [[nodiscard]] Result<std::optional<Bytes>, std::string> next();

private:
    ExportReader() = default;
    [[nodiscard]] Result<Bytes, std::string> take(std::size_t size);
    std::string path_;
    std::ifstream file_;
    Sha256 hasher_;
    Bytes spec_;
    std::uint64_t blocks_ = 0;
    std::uint64_t read_ = 0;
};

}  // namespace cairn
