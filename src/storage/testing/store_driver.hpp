#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ledger/store.hpp"

namespace cairn::testing {

/// All rows of all tables, through the port alone.
[[nodiscard]] std::vector<Row> dump(const Snapshot& snapshot);

/// Random batches and ranges over few keys, so that rows are often overwritten, erased and met
/// again.
class StoreDriver {
public:
    explicit StoreDriver(std::uint64_t seed) : random_{seed} {}

    [[nodiscard]] Batch batch(std::size_t max_rows = 24, std::size_t max_value = 300);
    [[nodiscard]] Table table();
    [[nodiscard]] Bytes key();
    /// A key, or nothing (the end of the table), or a key nobody has.
    [[nodiscard]] Bytes limit();
    [[nodiscard]] Bounds bounds();
    /// Below `bound`.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

private:
    std::mt19937_64 random_;
};

}  // namespace cairn::testing
