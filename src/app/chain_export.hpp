#pragma once

#include <optional>
#include <string>
#include <utility>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"
#include "core/crypto/sha256.hpp"
#include "os/byte_file.hpp"

namespace cairn {

/// A chain as one file:
///
///   "CAIRNCH1" | bytes canonical chain spec | u64 number of blocks, genesis included
///   | per block: u32 size, the block | SHA-256 of all before
///
/// Integers little-endian, `bytes` with a varint length, as in docs/consensus.md.

/// Writes one, as an `OutFile`. Errors are sentences.
class ExportWriter {
public:
    [[nodiscard]] static Result<ExportWriter, std::string> create(const std::string& path,
                                                                  ByteView spec,
                                                                  std::uint64_t blocks);
    [[nodiscard]] Result<void, std::string> add(ByteView block);
    /// The digest, and the file is put in place.
    [[nodiscard]] Result<void, std::string> finish();
    [[nodiscard]] bool is_standard_output() const { return file_.is_standard_output(); }

private:
    ExportWriter(std::string path, OutFile file) : path_{std::move(path)}, file_{std::move(file)} {}
    [[nodiscard]] Result<void, std::string> put(ByteView bytes);

    std::string path_;
    OutFile file_;
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
    ExportReader(std::string path, InFile file) : path_{std::move(path)}, file_{std::move(file)} {}
    [[nodiscard]] Result<Bytes, std::string> take(std::size_t size);
    std::string path_;
    InFile file_;
    Sha256 hasher_;
    Bytes spec_;
    std::uint64_t blocks_ = 0;
    std::uint64_t read_ = 0;
};

}  // namespace cairn
