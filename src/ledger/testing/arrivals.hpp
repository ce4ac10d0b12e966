#pragma once

#include <algorithm>

#include "ledger/pool_tables.hpp"

namespace cairn::testing {

/// The counts of a pool whose transfers have the orders 1 to `last`.
inline void count_arrivals(Staged& rows, std::uint64_t last) {
    for (std::uint64_t part = 0; part * kOrdersPart <= last; ++part) {
        const std::uint64_t first = std::max<std::uint64_t>(1, part * kOrdersPart);
        const std::uint64_t end = std::min(last + 1, (part + 1) * kOrdersPart);
        tables::put_arrivals(rows, part, end - first);
    }
}

}  // namespace cairn::testing
