#include "app/chain_export.hpp"

#include <utility>

#include "core/primitives/codec.hpp"

namespace cairn {
namespace {

constexpr std::string_view kMagic = "CAIRNCH1";
constexpr std::size_t kSpecMax = 32U * 1024 * 1024;
constexpr std::size_t kBlockMax = 32U * 1024 * 1024;

}  // namespace

Result<void, std::string> ExportWriter::put(ByteView bytes) {
    if (auto written = file_.write(bytes); !written)
        return fail(path_ + ": cannot be written: " + written.error());
    hasher_.write(bytes);
    return {};
}

Result<ExportWriter, std::string> ExportWriter::create(const std::string& path, ByteView spec,
                                                       std::uint64_t blocks) {
    auto file = OutFile::create(path);
    if (!file) return fail(path + ": cannot be written: " + file.error());
    ExportWriter writer{path, std::move(*file)};
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
    if (auto done = file_.finish(); !done)
        return fail(path_ + ": cannot be put in place: " + done.error());
    return {};
}

Result<Bytes, std::string> ExportReader::take(std::size_t size) {
    Bytes bytes(size);
    const auto got = file_.read(bytes.data(), size);
    if (!got) return fail(path_ + ": cannot be read: " + got.error());
    if (*got < size) return fail(path_ + ": ends too early; it is not a whole export");
    hasher_.write(bytes);
    return bytes;
}

Result<ExportReader, std::string> ExportReader::open(const std::string& path) {
    auto file = InFile::open(path);
    if (!file) return fail(path + ": cannot be read: " + file.error());
    ExportReader reader{path, std::move(*file)};
    const auto magic = reader.take(kMagic.size());
    if (!magic || as_text(*magic) != kMagic) return fail(path + ": is not an export of a chain");
    auto size_bytes = reader.take(1);
    if (!size_bytes) return fail(size_bytes.error());
    const std::size_t extra =
        (*size_bytes)[0] < 0xfd ? 0 : std::size_t{2} << ((*size_bytes)[0] - 0xfd);
    auto more = reader.take(extra);
    if (!more) return fail(more.error());
    append(*size_bytes, *more);
    Reader varint{*size_bytes};
    const std::uint64_t spec_size = varint.varint();
    if (!varint.finished() || spec_size > kSpecMax)
        return fail(path + ": its chain spec is malformed");
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
        std::uint8_t more = 0;
        if (const auto after = file_.read(&more, 1); !after || *after > 0)
            return fail(path_ + ": goes on after its digest; the file is damaged");
        ++read_;
        return std::optional<Bytes>{};
    }
    const auto size_bytes = take(4);
    if (!size_bytes) return fail(size_bytes.error());
    const auto size = Reader{*size_bytes}.integer<std::uint32_t>();
    if (size > kBlockMax)
        return fail(path_ + ": a block of " + std::to_string(size) + " bytes is none");
    auto block = take(size);
    if (!block) return fail(block.error());
    ++read_;
    return std::optional{std::move(*block)};
}

}  // namespace cairn
