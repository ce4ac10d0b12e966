#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <unordered_map>

#include "core/base/bytes.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/header.hpp"
#include "ledger/staged.hpp"

namespace cairn {

/// The encodings of blocks that were read last, shared by all who read them. A long answer keeps
/// its place in a block and not the block, and asks for it here each time it goes on: however many
/// stand still in the middle of one, memory holds `bytes` of blocks and those being read right now.
/// Any thread.
class BlockCache {
public:
    explicit BlockCache(std::size_t bytes) : bytes_{bytes} {}

    /// The block's encoding, from memory or from `rows`; null if it is not there.
    [[nodiscard]] SharedBytes find(const Staged& rows, Height height, const BlockHash& hash);

private:
    struct Entry {
        BlockHash hash;
        SharedBytes block;
    };
    struct HashOf {
        // These bytes are as good as random: who makes blocks pays for each hash.
        std::size_t operator()(const BlockHash& hash) const;
    };

    const std::size_t bytes_;
    std::mutex mutex_;         // guards what follows
    std::list<Entry> recent_;  // who was asked for last stands first
    std::unordered_map<BlockHash, std::list<Entry>::iterator, HashOf> by_hash_;
    std::size_t held_ = 0;
};

}  // namespace cairn
