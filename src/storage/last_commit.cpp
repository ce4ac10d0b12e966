#include "storage/last_commit.hpp"

#include <rocksdb/file_checksum.h>

#include <algorithm>
#include <cstring>

#include "core/primitives/codec.hpp"

namespace cairn {

using rocksdb::IOStatus;

namespace {

constexpr std::size_t kBlockSize = 4096;
constexpr std::size_t kRecordSize = 60;
constexpr std::size_t kCheckedSize = kRecordSize - sizeof(std::uint32_t);
constexpr std::string_view kMagic{"cairn\0lc", 8};
constexpr std::uint32_t kDiscardLater = 1;

struct Block {
    LastCommit value;
    std::uint64_t turn = 0;
};

std::string encode(const Block& block) {
    Writer writer;
    writer.raw(as_bytes(kMagic))
        .integer(block.value.schema)
        .integer(block.value.discard_later ? kDiscardLater : std::uint32_t{0})
        .integer(block.turn)
        .integer(block.value.sequence)
        .integer(block.value.manifest.number)
        .integer(block.value.manifest.size)
        .integer(block.value.manifest.checksum)
        .integer(std::uint32_t{0});
    const std::string checked{as_text(writer.view())};
    writer.integer(crc32c(checked));
    return std::string{as_text(writer.view())};
}

std::optional<Block> decode(std::string_view file, std::size_t index) {
    if (file.size() < index * kBlockSize + kRecordSize) return std::nullopt;
    const std::string_view record = file.substr(index * kBlockSize, kRecordSize);
    if (!record.starts_with(kMagic)) return std::nullopt;
    Reader reader{as_bytes(record.substr(kMagic.size()))};
    Block block;
    block.value.schema = reader.integer<std::uint32_t>();
    block.value.discard_later = (reader.integer<std::uint32_t>() & kDiscardLater) != 0;
    block.turn = reader.integer<std::uint64_t>();
    block.value.sequence = reader.integer<std::uint64_t>();
    block.value.manifest.number = reader.integer<std::uint64_t>();
    block.value.manifest.size = reader.integer<std::uint64_t>();
    block.value.manifest.checksum = reader.integer<std::uint32_t>();
    (void)reader.integer<std::uint32_t>();
    const auto checksum = reader.integer<std::uint32_t>();
    if (checksum != crc32c(std::string{record.substr(0, kCheckedSize)})) return std::nullopt;
    return block;
}

std::string path_in(const std::string& dir) { return dir + "/" + LastCommitFile::kName; }

}  // namespace

IOStatus LastCommitFile::create(rocksdb::FileSystem& fs, const std::string& dir,
                                const LastCommit& value) {
    const std::string next = path_in(dir) + ".new";
    std::string content = encode({value, 1});
    content.resize(2 * kBlockSize);
    std::unique_ptr<rocksdb::FSWritableFile> file;
    if (auto s = fs.NewWritableFile(next, {}, &file, nullptr); !s.ok()) return s;
    if (auto s = file->Append(content, {}, nullptr); !s.ok()) return s;
    if (auto s = file->Fsync({}, nullptr); !s.ok()) return s;
    if (auto s = file->Close({}, nullptr); !s.ok()) return s;
    if (auto s = fs.RenameFile(next, path_in(dir), {}, nullptr); !s.ok()) return s;
    return sync_directory(fs, dir);
}

IOStatus LastCommitFile::read(rocksdb::FileSystem& fs, const std::string& dir) {
    if (auto s = fs.FileExists(path_in(dir), {}, nullptr); !s.ok()) return s;
    std::string content;
    if (auto s = read_file(fs, path_in(dir), content); !s.ok()) return s;
    const auto first = decode(content, 0);
    const auto second = decode(content, 1);
    if (!first && !second) return IOStatus::Corruption("neither block is valid", path_in(dir));
    const bool first_counts = first && (!second || first->turn > second->turn);
    const Block& newest = first_counts ? *first : *second;
    value_ = newest.value;
    turn_ = newest.turn;
    block_ = first_counts ? 1 : 0;
    return IOStatus::OK();
}

IOStatus LastCommitFile::open(rocksdb::FileSystem& fs, const std::string& dir) {
    if (auto s = read(fs, dir); !s.ok()) return s;
    return fs.NewRandomRWFile(path_in(dir), {}, &file_, nullptr);
}

IOStatus LastCommitFile::store(const LastCommit& value) {
    const std::string record = encode({value, turn_ + 1});
    if (auto s = file_->Write(block_ * kBlockSize, record, {}, nullptr); !s.ok()) return s;
    if (auto s = file_->Sync({}, nullptr); !s.ok()) return s;
    value_ = value;
    ++turn_;
    block_ = 1 - block_;
    return IOStatus::OK();
}

IOStatus read_file(rocksdb::FileSystem& fs, const std::string& path, std::string& out,
                   std::optional<std::uint64_t> limit) {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    if (auto s = fs.NewSequentialFile(path, {}, &file, nullptr); !s.ok()) return s;
    out.clear();
    std::string chunk(64 * 1024, '\0');
    while (!limit || out.size() < *limit) {
        const std::size_t wanted =
            limit ? std::min<std::size_t>(chunk.size(), *limit - out.size()) : chunk.size();
        rocksdb::Slice got;
        if (auto s = file->Read(wanted, {}, &got, chunk.data(), nullptr); !s.ok()) return s;
        if (got.empty()) break;
        out.append(got.data(), got.size());
    }
    return IOStatus::OK();
}

IOStatus sync_directory(rocksdb::FileSystem& fs, const std::string& dir) {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    if (auto s = fs.NewDirectory(dir, {}, &directory, nullptr); !s.ok()) return s;
    return directory->Fsync({}, nullptr);
}

std::uint32_t crc32c(const std::string& bytes) {
    const auto generator =
        rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator({});
    generator->Update(bytes.data(), bytes.size());
    generator->Finalize();
    const std::string sum = generator->GetChecksum();
    std::uint32_t value = 0;
    for (const char byte : sum) value = (value << 8) | static_cast<std::uint8_t>(byte);
    return value;
}

}  // namespace cairn
