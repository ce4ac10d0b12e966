#include "ledger/pool_keys.hpp"

#include <algorithm>

namespace cairn {

void IdempotencyKeys::load(const Staged& rows) {
    count_ = 0;
    tables::each_used_key(rows, [this](const tables::UsedKey& used) {
        if (count_++ == 0) oldest_ = used.time;
    });
}

void IdempotencyKeys::forget(const tables::UsedKey& used, Staged& rows) {
    tables::erase_idempotency(rows, used);
    oldest_ = used.time;
    if (count_ > 0) --count_;
}

void IdempotencyKeys::put(const Hash256& key, const Txid& id, UnixSeconds now, Staged& rows) {
    const bool fresh = tables::put_idempotency(rows, key, now, id);
    oldest_ = count_ == 0 ? now : std::min(oldest_, now);
    count_ += fresh ? 1 : 0;
    if (count_ <= most_) return;
    // Two for one, so that a number above the limit comes down to it.
    for (const auto& used :
         tables::used_keys(rows, oldest_, std::nullopt, std::min<std::size_t>(2, count_ - most_)))
        forget(used, rows);
}

bool IdempotencyKeys::expire(UnixSeconds now, Staged& rows) {
    std::vector<tables::UsedKey> stale;
    if (now >= kIdempotencySeconds) {
        const auto until = static_cast<UnixSeconds>(now - kIdempotencySeconds + 1);
        stale = tables::used_keys(rows, oldest_, until, kSlice);
        for (const auto& used : stale) forget(used, rows);
        if (stale.size() < kSlice) oldest_ = std::max(oldest_, until);
    }
    const auto ahead = now == UINT32_MAX ? std::vector<tables::UsedKey>{}
                                         : tables::used_keys(rows, now + 1, std::nullopt, kSlice);
    for (const auto& used : ahead)
        if (const auto id = tables::idempotency(rows, used.key, used.time))
            (void)tables::put_idempotency(rows, used.key, now, *id);
    if (!ahead.empty()) oldest_ = std::min(oldest_, now);
    return stale.size() == kSlice || ahead.size() == kSlice;
}

}  // namespace cairn
