#include "model/export_file.hpp"

#include "model/crypto.hpp"

namespace model {

namespace {

constexpr std::string_view kMagic = "CAIRNCH1";

}  // namespace

std::optional<ExportFile> decode_export(View bytes, std::string& why) {
    if (bytes.size() < 32 ||
        !std::ranges::equal(sha256(bytes.first(bytes.size() - 32)), bytes.last(32))) {
        why = "the checksum at the end is wrong";
        return std::nullopt;
    }
    Reader in{bytes.first(bytes.size() - 32)};
    if (!std::ranges::equal(in.raw(kMagic.size()), kMagic)) {
        why = "the file does not begin with CAIRNCH1";
        return std::nullopt;
    }
    const auto spec = decode_spec(in.bytes());
    if (!spec) {
        why = "the chain spec does not decode";
        return std::nullopt;
    }
    ExportFile file{*spec, {}};
    const auto count = in.u64();
    for (std::uint64_t i = 0; i < count && in.good(); ++i) {
        const View block = in.raw(in.u32());
        file.blocks.emplace_back(block.begin(), block.end());
    }
    if (!in.at_end()) {
        why = "the blocks do not fill the file exactly";
        return std::nullopt;
    }
    return file;
}

Bytes encode_export(const ExportFile& file) {
    Writer out;
    out.raw(Bytes(kMagic.begin(), kMagic.end()))
        .bytes(canonical(file.spec))
        .u64(file.blocks.size());
    for (const auto& block : file.blocks) {
        out.u32(static_cast<std::uint32_t>(block.size())).raw(block);
    }
    Bytes bytes = out.done();
    const auto checksum = sha256(bytes);
    bytes.insert(bytes.end(), checksum.begin(), checksum.end());
    return bytes;
}

}  // namespace model
