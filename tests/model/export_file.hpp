#pragma once

#include <optional>
#include <string>

#include "model/spec.hpp"

namespace model {

/// What `cairn export` writes:
///
///     "CAIRNCH1" | varint length, canonical spec | u64 blocks, genesis included
///     | blocks x (u32 length, block) | SHA-256 of all before
struct ExportFile {
    Spec spec;
    std::vector<Bytes> blocks;
};

/// Why it does not decode is told in `why`.
std::optional<ExportFile> decode_export(View bytes, std::string& why);
Bytes encode_export(const ExportFile& file);

}  // namespace model
