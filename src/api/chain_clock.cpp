#include "api/chain_clock.hpp"

#include <vector>

#include "core/consensus/header_rules.hpp"
#include "ledger/tables.hpp"

namespace cairn {

std::optional<ClockBehind> clock_behind(const Staged& rows, const View& view, UnixSeconds now) {
    std::vector<UnixSeconds> times;
    BlockHash hash = view.tip.hash;
    while (times.size() < kMedianSpan) {
        const auto record = tables::header(rows, hash);
        if (!record) break;
        times.push_back(record->header.time);
        if (record->height <= 1) break;
        hash = record->header.previous_hash;
    }
    if (times.empty()) return std::nullopt;  // the store cannot be read
    return clock_behind(median_time(times), now, view.chain->spec());
}

}  // namespace cairn
