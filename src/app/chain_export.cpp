#include "app/chain_export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

constexpr std::string_view kMagic = "CAIRNCH1";
constexpr std::size_t kSpecMax = 32U * 1024 * 1024;
constexpr std::size_t kBlockMax = 32U * 1024 * 1024;

/// Makes what was written durable: of a file, or of a folder's entries.
bool sync_path(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool done = ::fsync(fd) == 0;
    ::close(fd);
    return done;
}

}  // namespace

ExportWriter::ExportWriter(ExportWriter&& other) noexcept
    : path_{std::move(other.path_)},
      unfinished_{std::exchange(other.unfinished_, false)},
      file_{std::move(other.file_)},
      hasher_{other.hasher_} {}

ExportWriter::~ExportWriter() {
    std::error_code ignored;
    if (unfinished_) std::filesystem::remove(part(), ignored);
}

Result<void, std::string> ExportWriter::put(ByteView bytes) {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file_) return fail(path_ + ": cannot be written (is the disk full?)");
    hasher_.write(bytes);
    return {};
}

Result<ExportWriter, std::string> ExportWriter::create(const std::string& path, ByteView spec,
                                                       std::uint64_t blocks) {
    ExportWriter writer;
    writer.path_ = path;
    writer.file_.open(writer.part(), std::ios::binary | std::ios::trunc);
    if (!writer.file_) return fail(path + ": cannot be written");
    writer.unfinished_ = true;
    Writer head;
    head.raw(as_bytes(kMagic)).bytes(spec).integer(blocks);
    if (auto put = writer.put(head.view()); !put) return fail(put.error());
    return writer;
}

Result<void, std::string> ExportWriter::add(ByteView block) {
    Writer size;
    size.integer(static_cast<std::uint32_t>(block.size()));
    if (auto put_size = put(size.view()); !put_size) return put_size;
    return put(block);
}

Result<void, std::string> ExportWriter::finish() {
    if (auto digest = put(hasher_.finish().bytes); !digest) return digest;
    file_.close();
    std::error_code error;
    if (file_.fail() || !sync_path(part()))
        return fail(path_ + ": cannot be written (is the disk full?)");
    std::filesystem::rename(part(), path_, error);
    if (!error) unfinished_ = false;
    const std::filesystem::path folder = std::filesystem::absolute(path_).parent_path();
    if (error || !sync_path(folder)) return fail(path_ + ": cannot be put in place");
    return {};
}

Result<Bytes, std::string> ExportReader::take(std::size_t size) {
    Bytes bytes(size);
    file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
    if (!file_) return fail(path_ + ": ends too early; it is not a whole export");
    hasher_.write(bytes);
    return bytes;
}

Result<ExportReader, std::string> ExportReader::open(const std::string& path) {
    ExportReader reader;
    reader.path_ = path;
    reader.file_.open(path, std::ios::binary);
    if (!reader.file_) return fail(path + ": cannot be read");
    const auto magic = reader.take(kMagic.size());
    if (!magic || as_text(*magic) != kMagic) return fail(path + ": is not an export of a chain");
    auto size_bytes = reader.take(1);
    if (!size_bytes) return fail(size_bytes.error());
    const std::size_t extra = (*size_bytes)[0] < 0xfd ? 0 : std::size_t{2} << ((*size_bytes)[0] - 0xfd);
    auto more = reader.take(extra);
    if (!more) return fail(more.error());
    append(*size_bytes, *more);
    Reader varint{*size_bytes};
    const std::uint64_t spec_size = varint.varint();
    if (!varint.finished() || spec_size > kSpecMax) return fail(path + ": its chain spec is malformed");
    auto spec = reader.take(static_cast<std::size_t>(spec_size));
    if (!spec) return fail(spec.error());
    reader.spec_ = std::move(*spec);
    auto count = reader.take(8);
    if (!count) return fail(count.error());
    reader.blocks_ = Reader{*count}.integer<std::uint64_t>();
    return reader;
}

Result<std::optional<Bytes>, std::string> ExportReader::next() {
    if (read_ > blocks_) return std::optional<Bytes>{};
    if (read_ == blocks_) {
        const Hash256 expected = hasher_.finish();
        const auto digest = take(32);
        if (!digest) return fail(digest.error());
        if (*digest != Bytes(expected.bytes.begin(), expected.bytes.end()))
            return fail(path_ + ": its digest is wrong; the file is damaged");
        if (file_.peek() != std::ifstream::traits_type::eof())
            return fail(path_ + ": goes on after its digest; the file is damaged");
        ++read_;
        return std::optional<Bytes>{};
    }
    const auto size_bytes = take(4);
    if (!size_bytes) return fail(size_bytes.error());
    const auto size = Reader{*size_bytes}.integer<std::uint32_t>();
    if (size > kBlockMax) return fail(path_ + ": a block of " + std::to_string(size) + " bytes is none");
    auto block = take(size);
    if (!block) return fail(block.error());
    ++read_;
    return std::optional{std::move(*block)};
}

}  // namespace cairn
