#include "storage/testing/store_driver.hpp"

#include <cstdlib>
#include <optional>
#include <set>
#include <utility>

#include "core/base/ensure.hpp"

namespace cairn::testing {

std::vector<Row> dump(const Snapshot& snapshot) {
    std::vector<Row> all;
    for (std::size_t i = 0; i < kTables; ++i) {
        const auto rows = snapshot.scan(static_cast<Table>(i), {}, {}, {SIZE_MAX, SIZE_MAX});
        ENSURE(rows.has_value());
        all.insert(all.end(), rows->begin(), rows->end());
    }
    return all;
}

Table StoreDriver::table() { return static_cast<Table>(below(kTables)); }

Bytes StoreDriver::key() {
    // From one byte to four of few values each, some of them the extremes: prefixes of one another,
    // and neighbours of a table's end.
    static constexpr std::array<std::uint8_t, 5> kBytes{0x00, 0x01, 0x41, 0xfe, 0xff};
    Bytes key(1 + below(4));
    for (auto& byte : key) byte = kBytes[below(kBytes.size())];
    return key;
}

Bytes StoreDriver::limit() {
    const auto kind = below(4);
    if (kind == 0) return {};
    Bytes limit = key();
    if (kind == 1) limit.push_back(static_cast<std::uint8_t>(below(256)));
    return limit;
}

Bounds StoreDriver::bounds() {
    return {static_cast<std::size_t>(below(3) == 0 ? 1000 : below(8)),
            static_cast<std::size_t>(below(3) == 0 ? 1 << 20 : below(900))};
}

Batch StoreDriver::batch(std::size_t max_rows, std::size_t max_value) {
    Batch batch;
    if (below(40) == 0) {
        std::set<Table> cleared;
        for (auto count = 1 + below(3); count > 0; --count) cleared.insert(table());
        batch.cleared.assign(cleared.begin(), cleared.end());
    }
    std::map<std::pair<Table, Bytes>, std::optional<Bytes>> rows;
    for (auto count = below(max_rows + 1); count > 0; --count) {
        std::optional<Bytes> value;
        if (below(4) != 0) {
            value.emplace(below(max_value + 1));
            for (auto& byte : *value) byte = static_cast<std::uint8_t>(random_());
        }
        rows[{table(), key()}] = std::move(value);
    }
    for (auto& [at, value] : rows) batch.rows.push_back({at.first, at.second, std::move(value)});
    return batch;
}

}  // namespace cairn::testing
