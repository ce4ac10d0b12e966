#pragma once

#include <optional>
#include <string>

#include "api/block_finder.hpp"
#include "api/objects.hpp"
#include "ledger/staged.hpp"

namespace cairn {

/// Writes one block as JSON, a transaction at a time. Between two pieces it keeps its place, and
/// the block itself only until `rest`.
class BlockWriter {
public:
    /// `before`: members that stand first in the object, each with its comma; `after`: that stand
    /// last, each with a comma in front.
    BlockWriter(const Staged& rows, const Objects& objects, BlockFinder blocks, BlockHash hash,
                HeaderRecord record, std::string before = {}, std::string after = {})
        : rows_{&rows},
          objects_{&objects},
          blocks_{std::move(blocks)},
          hash_{hash},
          record_{std::move(record)},
          before_{std::move(before)},
          after_{std::move(after)} {}

    /// Appends the next piece, or nothing while the block is being read; false after the last, or
    /// if the store failed (`rows.fault()`).
    [[nodiscard]] bool next(std::string& out);
    /// Nothing more for now.
    void rest() { bytes_.reset(); }

private:
    enum class At : std::uint8_t { head, transactions, end };

    [[nodiscard]] bool load();

    const Staged* rows_;
    const Objects* objects_;
    BlockFinder blocks_;
    BlockHash hash_;
    HeaderRecord record_;
    std::string before_, after_;
    At at_ = At::head;
    TransactionPlace place_;
    bool first_ = true;
    SharedBytes bytes_;
};

/// Writes blocks of the best chain as a JSON array's elements, a transaction at a time, reading
/// from one instant of the store.
class BlockPieces {
public:
    /// Heights from `first` to `last`, both included; nothing if last < first.
    BlockPieces(const Staged& rows, const Objects& objects, BlockFinder blocks, Height first,
                Height last)
        : rows_{rows}, objects_{objects}, blocks_{std::move(blocks)}, height_{first}, last_{last} {}

    /// Appends the next piece; false when all blocks are written (or the store failed).
    [[nodiscard]] bool next(std::string& out);
    void rest() {
        if (block_) block_->rest();
    }

private:
    [[nodiscard]] bool open(std::string& out);

    const Staged& rows_;
    const Objects& objects_;
    const BlockFinder blocks_;
    Height height_;
    Height last_;
    bool first_ = true;
    std::optional<BlockWriter> block_;  // the one under way
};

}  // namespace cairn
