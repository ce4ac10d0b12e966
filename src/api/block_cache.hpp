#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "api/slow_lane.hpp"
#include "core/base/bytes.hpp"
#include "core/primitives/digest.hpp"
#include "core/primitives/header.hpp"
#include "ledger/store.hpp"
#include "node/view.hpp"

namespace cairn {

/// The encodings of blocks that were read last, shared by all who read them. A long answer keeps
/// its place in a block and not the block, and asks for it here each time it goes on: however many
/// stand still in the middle of one, memory holds `bytes` of blocks and those being read right now.
/// Any thread.
class BlockCache {
public:
    /// What was read: the block, null if it is not there, or why it cannot be read.
    using Read = Result<SharedBytes, StoreError>;
    using Done = std::function<void(Read)>;

    /// `lane`: where large blocks are read; none: everything is read at once.
    explicit BlockCache(std::size_t bytes, SlowLane* lane = nullptr)
        : shared_{std::make_shared<Shared>()}, lane_{lane} {
        shared_->bytes = bytes;
    }

    /// The block of `size` bytes from memory or, up to `tables::kReadAtOnce`, from the store of
    /// `view`. Nothing: it is read elsewhere, and `done` is called there, once. Who asks for one
    /// that is being read waits for that.
    [[nodiscard]] std::optional<Read> find(const ViewPtr& view, Height height,
                                           const BlockHash& hash, std::size_t size, Done done);

private:
    struct Entry {
        BlockHash hash;
        SharedBytes block;
    };
    struct HashOf {
        // These bytes are as good as random: who makes blocks pays for each hash.
        std::size_t operator()(const BlockHash& hash) const;
    };

    /// Outlived by blocks that are being read.
    struct Shared {
        std::size_t bytes = 0;
        std::mutex mutex;         // guards what follows
        std::list<Entry> recent;  // who was asked for last stands first
        std::unordered_map<BlockHash, std::list<Entry>::iterator, HashOf> by_hash;
        std::size_t held = 0;
        std::unordered_map<BlockHash, std::vector<Done>, HashOf> waiting;

        SharedBytes known(const BlockHash& hash);
        [[nodiscard]] Read read(const View& view, Height height, const BlockHash& hash);
        void keep(const BlockHash& hash, const SharedBytes& block);
        std::vector<Done> take_waiting(const BlockHash& hash);
    };

    const std::shared_ptr<Shared> shared_;
    SlowLane* const lane_;
};

}  // namespace cairn
