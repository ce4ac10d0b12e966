#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "ledger/ledger.hpp"
#include "ledger/testing/chain_builder.hpp"
#include "ledger/testing/map_store.hpp"
#include "ledger/testing/state_digest.hpp"

namespace cairn::testing {

/// A ledger on a store, driven as the node drives it: stage, write, go on.
class Machine {
public:
    static constexpr UnixSeconds kNow = 2'000'000'000;

    explicit Machine(std::shared_ptr<const ChainParams> params, Ledger::Limits limits = {})
        : params_{std::move(params)}, limits_{limits} {
        Staged fresh{store.snapshot()};
        stage_genesis(*params_, fresh);
        EXPECT_TRUE(store.write(fresh.to_batch()));
        open();
    }
    void open() {
        rows = std::make_unique<Staged>(store.snapshot());
        auto opened = Ledger::open(params_, *rows, limits_);
        ASSERT_TRUE(opened) << opened.error().detail;
        ledger.emplace(std::move(*opened));
    }
    void write() {
        ledger->stage_marks(*rows);
        ASSERT_FALSE(rows->fault());
        if (rows->empty()) return;
        const Batch batch = std::move(*rows).to_batch();
        rows.reset();  // what no snapshot holds is not copied
        ASSERT_TRUE(store.write(batch));
        rows = std::make_unique<Staged>(store.snapshot());
    }
    [[nodiscard]] Result<bool, Rejection> keep(const BlockPtr& block) {
        return ledger->add_block(block, kNow, *rows);
    }
    /// Keeps the block and moves as far as it goes, writing between slices.
    TipChange add(const BlockPtr& block) {
        const auto kept = keep(block);
        EXPECT_TRUE(kept) << kept.error().to_string();
        return settle();
    }
    TipChange add(const std::vector<BlockPtr>& blocks) {
        TipChange last;
        for (const auto& block : blocks) last = add(block);
        return last;
    }
    TipChange settle() {
        TipChange change;
        while (ledger->advance(*rows, change)) {
            ++slices;
            write();
        }
        write();
        return change;
    }
    [[nodiscard]] const Tip& tip() const { return ledger->tip(); }
    [[nodiscard]] Hash256 digest() const { return chain_digest(*rows); }

    MapStore store;
    std::unique_ptr<Staged> rows;
    std::optional<Ledger> ledger;
    std::size_t slices = 0;

private:
    std::shared_ptr<const ChainParams> params_;
    Ledger::Limits limits_;
};

/// The accounts that the store's rows hold, and what was issued.
[[nodiscard]] inline ChainBuilder::Book book_of(const Staged& rows) {
    ChainBuilder::Book book;
    for_each_row(rows, Table::accounts, [&](const Row& row) {
        Address address;
        std::copy(row.key.begin(), row.key.end(), address.bytes.begin());
        book.accounts.emplace(address, *tables::account(rows, address));
    });
    book.issued = tables::tip(rows)->issued;
    return book;
}

/// The digest of a ledger that has only ever seen the way from genesis to `at`.
[[nodiscard]] inline Hash256 replayed(const ChainBuilder& chain, const BlockHash& at) {
    Machine fresh{chain.params()};
    for (const auto& block : chain.way_to(at)) fresh.add(block);
    EXPECT_EQ(fresh.tip().hash, at);
    return fresh.digest();
}

}  // namespace cairn::testing
