#include "app/known_ids.hpp"

#include <utility>

namespace cairn {

std::size_t KnownIds::cost_of(const CheckedTransfer& transfer) {
    // The counts of the pointer, the node of the map, and what the allocator adds to four blocks.
    constexpr std::size_t kAround = 16 + sizeof(Half::value_type) + 32 + 4 * 16;
    return sizeof transfer + transfer.bytes().capacity() + transfer.value().data.capacity() +
           kAround;
}

void KnownIds::add(const TransferPtr& transfer) {
    Half dropped;  // outside the lock: it may be long
    const std::lock_guard lock{mutex_};
    if (!young_.emplace(transfer->id(), transfer).second) return;
    young_bytes_ += cost_of(*transfer);
    if (young_bytes_ < half_bytes_) return;
    dropped = std::exchange(old_, std::exchange(young_, {}));
    young_bytes_ = 0;
}

TransferPtr KnownIds::find(const Txid& id) const {
    const std::lock_guard lock{mutex_};
    for (const Half* half : {&young_, &old_})
        if (const auto found = half->find(id); found != half->end()) return found->second;
    return nullptr;
}

}  // namespace cairn
