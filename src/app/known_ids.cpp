#include "app/known_ids.hpp"

#include <utility>

namespace cairn {

void KnownIds::add(const TransferPtr& transfer) {
    Half dropped;  // outside the lock: it may be long
    const std::lock_guard lock{mutex_};
    if (!young_.emplace(transfer->id(), transfer).second) return;
    young_bytes_ += transfer->bytes().size();
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
