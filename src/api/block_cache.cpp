#include "api/block_cache.hpp"

#include <cstring>

#include "ledger/tables.hpp"

namespace cairn {

std::size_t BlockCache::HashOf::operator()(const BlockHash& hash) const {
    std::size_t value = 0;
    std::memcpy(&value, hash.bytes.data(), sizeof value);
    return value;
}

SharedBytes BlockCache::find(const Staged& rows, Height height, const BlockHash& hash) {
    {
        const std::lock_guard lock{mutex_};
        if (const auto known = by_hash_.find(hash); known != by_hash_.end()) {
            recent_.splice(recent_.begin(), recent_, known->second);
            return known->second->block;
        }
    }
    auto read = tables::block(rows, height, hash);
    if (!read) return nullptr;
    auto block = std::make_shared<const Bytes>(std::move(*read));
    std::list<Entry> dropped;  // freed outside the lock
    const std::lock_guard lock{mutex_};
    if (block->size() > bytes_ || by_hash_.contains(hash)) return block;
    recent_.push_front({hash, block});
    by_hash_.emplace(hash, recent_.begin());
    held_ += block->size();
    while (held_ > bytes_) {
        held_ -= recent_.back().block->size();
        by_hash_.erase(recent_.back().hash);
        dropped.splice(dropped.begin(), recent_, std::prev(recent_.end()));
    }
    return block;
}

}  // namespace cairn
