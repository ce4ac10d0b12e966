#pragma once

#include <optional>
#include <string>

#include "api/objects.hpp"
#include "ledger/staged.hpp"

namespace cairn {

/// Writes blocks of the best chain as a JSON array's elements, a transaction at a time, reading from
/// one instant of the store.
class BlockPieces {
public:
    /// Heights from `first` to `last`, both included; nothing if last < first.
    BlockPieces(const Staged& rows, const Objects& objects, Height first, Height last)
        : rows_{rows}, objects_{objects}, height_{first}, last_{last} {}

    /// Appends the next piece; false when all blocks are written (or the store failed).
    [[nodiscard]] bool next(std::string& out);

private:
    [[nodiscard]] bool open(std::string& out);

    const Staged& rows_;
    const Objects& objects_;
    Height height_;
    Height last_;
    bool first_ = true;
    // The block under way.
    BlockHash hash_;
    std::optional<HeaderRecord> record_;
    Bytes bytes_;
    DecodedBlock block_;
    std::size_t position_ = 0;
};

}  // namespace cairn
