#include "api/block_cache.hpp"

#include <cstring>

#include "ledger/tables.hpp"

namespace cairn {

std::size_t BlockCache::HashOf::operator()(const BlockHash& hash) const {
    std::size_t value = 0;
    std::memcpy(&value, hash.bytes.data(), sizeof value);
    return value;
}

/// The mutex is held.
SharedBytes BlockCache::Shared::known(const BlockHash& hash) {
    const auto found = by_hash.find(hash);
    if (found == by_hash.end()) return nullptr;
    recent.splice(recent.begin(), recent, found->second);
    return found->second->block;
}

BlockCache::Read BlockCache::Shared::read(const View& view, Height height, const BlockHash& hash) {
    const Staged rows{view.store};
    auto found = tables::block(rows, height, hash);
    if (rows.fault()) return fail(*rows.fault());
    if (!found) return SharedBytes{};
    auto block = std::make_shared<const Bytes>(std::move(*found));
    keep(hash, block);
    return block;
}

void BlockCache::Shared::keep(const BlockHash& hash, const SharedBytes& block) {
    std::list<Entry> dropped;  // freed outside the lock
    const std::lock_guard lock{mutex};
    if (block->size() > bytes || by_hash.contains(hash)) return;
    recent.push_front({hash, block});
    by_hash.emplace(hash, recent.begin());
    held += block->size();
    while (held > bytes) {
        held -= recent.back().block->size();
        by_hash.erase(recent.back().hash);
        dropped.splice(dropped.begin(), recent, std::prev(recent.end()));
    }
}

std::vector<BlockCache::Done> BlockCache::Shared::take_waiting(const BlockHash& hash) {
    const std::lock_guard lock{mutex};
    auto found = waiting.extract(hash);
    return found.empty() ? std::vector<Done>{} : std::move(found.mapped());
}

std::optional<BlockCache::Read> BlockCache::find(const ViewPtr& view, Height height,
                                                 const BlockHash& hash, std::size_t size,
                                                 Done done) {
    const bool here = lane_ == nullptr || size <= tables::kReadAtOnce;
    {
        const std::lock_guard lock{shared_->mutex};
        if (auto block = shared_->known(hash)) return block;
        if (!here) {
            auto& waiting = shared_->waiting[hash];
            waiting.push_back(std::move(done));
            if (waiting.size() > 1) return std::nullopt;
        }
    }
    if (here) return shared_->read(*view, height, hash);
    const bool posted = lane_->post(SlowWork::read, "",
                                    [shared = shared_, view, height, hash](const auto& /*hold*/) {
                                        const Read read = shared->read(*view, height, hash);
                                        for (const auto& each : shared->take_waiting(hash))
                                            each(read);
                                    });
    if (posted) return std::nullopt;
    const StoreError busy{StoreFault::io, "too many blocks are being read; try again"};
    for (const auto& each : shared_->take_waiting(hash)) each(fail(busy));
    return std::nullopt;
}

}  // namespace cairn
