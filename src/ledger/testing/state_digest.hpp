#pragma once

#include "core/crypto/sha256.hpp"
#include "core/primitives/codec.hpp"
#include "ledger/tables.hpp"

namespace cairn::testing {

template <class Each>
void for_each_row(const Staged& rows, Table table, Each each) {
    Bytes from;
    for (;;) {
        const auto page = rows.scan(table, from, {}, Bounds{});
        if (page.empty()) return;
        for (const auto& row : page) each(row);
        from = page.back().key;
        from.push_back(0);
    }
}

/// SHA-256 over `address 32 | balance u64 | nonce u64` of every account in key order, then `issued
/// u64`: the digest by which two ledgers are compared. It is not consensus.
[[nodiscard]] inline Hash256 state_digest(const Staged& rows) {
    Sha256 hasher;
    for_each_row(rows, Table::accounts,
                 [&](const Row& row) { hasher.write(row.key).write(*row.value); });
    const auto tip = tables::tip(rows);
    Writer issued;
    return hasher.write(issued.integer(tip ? tip->issued : 0).take()).finish();
}

/// SHA-256 over every row that follows from the best chain: accounts, undo records, indexes, the
/// tip.
[[nodiscard]] inline Hash256 chain_digest(const Staged& rows) {
    Sha256 hasher;
    for (const auto table :
         {Table::undo, Table::best, Table::accounts, Table::transactions, Table::history})
        for_each_row(rows, table, [&](const Row& row) {
            Writer writer;
            hasher.write(writer.integer(static_cast<std::uint8_t>(table))
                             .bytes(row.key)
                             .bytes(*row.value)
                             .take());
        });
    if (const auto tip = rows.get(Table::meta, as_bytes("tip"))) hasher.write(*tip);
    return hasher.finish();
}

/// The sum of all balances, base units.
[[nodiscard]] inline std::uint64_t sum_of_balances(const Staged& rows) {
    std::uint64_t sum = 0;
    for_each_row(rows, Table::accounts,
                 [&](const Row& row) { sum += Reader{*row.value}.integer<std::uint64_t>(); });
    return sum;
}

}  // namespace cairn::testing
