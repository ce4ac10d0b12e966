#include "ledger/staged.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ledger/testing/map_store.hpp"

namespace cairn {
namespace {

using testing::MapStore;
using Model = std::map<std::pair<Table, Bytes>, Bytes>;

Bytes bytes(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

std::vector<Row> expected(const Model& model, Table table, const Bytes& from, const Bytes& to,
                          std::size_t limit) {
    std::vector<Row> rows;
    for (const auto& [key, value] : model)
        if (key.first == table && key.second >= from && (to.empty() || key.second < to) &&
            rows.size() < limit)
            rows.push_back({table, key.second, value});
    return rows;
}

void fill(MapStore& store, const Model& model) {
    Batch batch;
    for (const auto& [key, value] : model) batch.rows.push_back({key.first, key.second, value});
    ASSERT_TRUE(store.write(batch));
}

TEST(Overlay, CountsTheBytesOfWhatItHolds) {
    Overlay overlay;
    EXPECT_TRUE(overlay.empty());
    overlay.set(Table::meta, bytes("key"), bytes("value"));
    EXPECT_EQ(overlay.bytes(), 8u);
    overlay.set(Table::meta, bytes("key"), bytes("v"));
    EXPECT_EQ(overlay.bytes(), 4u);
    overlay.set(Table::meta, bytes("key"), std::nullopt);
    EXPECT_EQ(overlay.bytes(), 3u);
    Overlay upper;
    upper.set(Table::meta, bytes("key"), bytes("new"));
    upper.set(Table::best, bytes("k"), bytes("n"));
    overlay.absorb(std::move(upper));
    EXPECT_EQ(overlay.bytes(), 8u);
    EXPECT_EQ(**overlay.find(Table::meta, bytes("key")), bytes("new"));
    overlay.clear();
    EXPECT_EQ(overlay.bytes(), 0u);
    EXPECT_EQ(overlay.find(Table::meta, bytes("key")), nullptr);
}

TEST(Staged, ReadsTheSnapshotBeneathWhatIsStaged) {
    MapStore store;
    fill(store, {{{Table::meta, bytes("a")}, bytes("1")}, {{Table::meta, bytes("b")}, bytes("2")}});
    Staged rows{store.snapshot()};
    rows.put(Table::meta, bytes("b"), bytes("3"));
    rows.put(Table::meta, bytes("c"), bytes("4"));
    rows.erase(Table::meta, bytes("a"));
    EXPECT_EQ(rows.get(Table::meta, bytes("a")), std::nullopt);
    EXPECT_EQ(rows.get(Table::meta, bytes("b")), bytes("3"));
    EXPECT_EQ(rows.get(Table::meta, bytes("c")), bytes("4"));
    EXPECT_EQ(rows.get(Table::meta, bytes("d")), std::nullopt);
    EXPECT_EQ(rows.get(Table::best, bytes("b")), std::nullopt);
}

TEST(Staged, TheBatchStandsInOrderWithOneRowAKey) {
    MapStore store;
    Staged rows{store.snapshot()};
    EXPECT_TRUE(rows.empty());
    rows.put(Table::pool, bytes("a"), bytes("1"));
    rows.put(Table::meta, bytes("z"), bytes("2"));
    rows.put(Table::meta, bytes("z"), bytes("3"));
    rows.erase(Table::meta, bytes("b"));
    const Batch batch = rows.to_batch();
    ASSERT_EQ(batch.rows.size(), 3u);
    EXPECT_EQ(batch.rows[0], (Row{Table::meta, bytes("b"), std::nullopt}));
    EXPECT_EQ(batch.rows[1], (Row{Table::meta, bytes("z"), bytes("3")}));
    EXPECT_EQ(batch.rows[2], (Row{Table::pool, bytes("a"), bytes("1")}));
    EXPECT_FALSE(rows.empty());
}

TEST(Staged, AClearedTableIsEmptyButForWhatIsStagedLater) {
    MapStore store;
    fill(store, {{{Table::meta, bytes("a")}, bytes("1")}, {{Table::pool, bytes("a")}, bytes("1")}});
    Staged rows{store.snapshot()};
    rows.put(Table::pool, bytes("b"), bytes("2"));
    rows.put(Table::meta, bytes("b"), bytes("2"));
    rows.clear(Table::pool);
    rows.clear(Table::pool);
    rows.put(Table::pool, bytes("c"), bytes("3"));
    EXPECT_FALSE(rows.get(Table::pool, bytes("a")));
    EXPECT_FALSE(rows.get(Table::pool, bytes("b")));
    EXPECT_EQ(rows.scan(Table::pool, {}, {}, Bounds{}).size(), 1u);
    EXPECT_EQ(rows.scan(Table::meta, {}, {}, Bounds{}).size(), 2u);
    EXPECT_EQ(rows.to_batch().cleared, std::vector{Table::pool});
    ASSERT_TRUE(store.write(rows.to_batch()));
    EXPECT_EQ(store.rows(Table::pool).size(), 1u);
}

TEST(Staged, AScanFillsItsLimitAcrossRowsThatAreStagedToGo) {
    MapStore store;
    Model model;
    for (std::uint8_t i = 0; i < 200; ++i) model[{Table::pool, Bytes{i}}] = Bytes{i};
    fill(store, model);
    Staged rows{store.snapshot()};
    for (std::uint8_t i = 0; i < 150; ++i) rows.erase(Table::pool, Bytes{i});
    const auto found = rows.scan(Table::pool, {}, {}, Bounds{3, SIZE_MAX});
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].key, Bytes{150});
    EXPECT_TRUE(rows.scan(Table::pool, {}, {}, Bounds{0, SIZE_MAX}).empty());
}

TEST(Staged, AScanLooksAtNoMoreReadsThanItNeeds) {
    MapStore store;
    Model model;
    for (std::uint32_t i = 0; i < 5000; ++i)
        model[{Table::pool,
               Bytes{static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}}] = {};
    fill(store, model);
    Staged rows{store.snapshot()};
    for (const auto& [key, value] : model) rows.erase(key.first, key.second);
    rows.put(Table::pool, Bytes{0xff}, {});
    store.faults().reads_seen = 0;
    EXPECT_EQ(rows.scan(Table::pool, {}, {}, Bounds{1, SIZE_MAX}).size(), 1u);
    EXPECT_LE(store.faults().reads_seen, 100u);
}

// Three layers against a plain map: the snapshot, what is staged, and a branch of that.
TEST(Staged, ReadsAsAMapWouldWhateverIsStaged) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random{seed};
        const auto key = [&] {
            Bytes out(1 + random() % 2);
            for (auto& byte : out) byte = static_cast<std::uint8_t>(random() % 12);
            return out;
        };
        const auto table = [&] { return random() % 3 == 0 ? Table::best : Table::pool; };
        MapStore store;
        Model model;
        for (int i = 0; i < 80; ++i) model[{table(), key()}] = key();
        fill(store, model);
        Staged root{store.snapshot()};
        const auto change = [&](Staged& rows, Model& truth, int times) {
            for (int i = 0; i < times; ++i) {
                const auto at = std::pair{table(), key()};
                if (random() % 2 == 0) {
                    const Bytes value = key();
                    rows.put(at.first, at.second, value);
                    truth[at] = value;
                } else {
                    rows.erase(at.first, at.second);
                    truth.erase(at);
                }
            }
        };
        if (seed % 5 == 0) {
            root.clear(Table::pool);
            std::erase_if(model, [](const auto& row) { return row.first.first == Table::pool; });
        }
        change(root, model, static_cast<int>(random() % 100));
        Model upper = model;
        Overlay overlay;
        Staged branch{root, overlay};
        change(branch, upper, static_cast<int>(random() % 100));
        for (int i = 0; i < 60; ++i) {
            const Table where = table();
            const Bytes from = random() % 4 == 0 ? Bytes{} : key();
            const Bytes to = random() % 4 == 0 ? Bytes{} : key();
            if (!to.empty() && to < from) continue;
            const std::size_t limit = 1 + random() % 9;
            EXPECT_EQ(root.scan(where, from, to, Bounds{limit, SIZE_MAX}),
                      expected(model, where, from, to, limit));
            EXPECT_EQ(branch.scan(where, from, to, Bounds{limit, SIZE_MAX}),
                      expected(upper, where, from, to, limit));
            const Bytes one = key();
            const auto found = upper.find({where, one});
            EXPECT_EQ(branch.get(where, one),
                      found == upper.end() ? std::nullopt : std::optional{found->second});
        }
        root.absorb(std::move(overlay));
        ASSERT_TRUE(store.write(root.to_batch()));
        const Staged after{store.snapshot()};
        for (const auto where : {Table::best, Table::pool})
            EXPECT_EQ(after.scan(where, {}, {}, Bounds{SIZE_MAX, SIZE_MAX}),
                      expected(upper, where, {}, {}, SIZE_MAX));
    }
}

TEST(Staged, ScansBackwardWhereNothingIsStaged) {
    MapStore store;
    fill(store, {{{Table::best, bytes("a")}, bytes("1")}, {{Table::best, bytes("b")}, bytes("2")}});
    const Staged rows{store.snapshot()};
    const auto found = rows.scan_back(Table::best, {}, {}, Bounds{});
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].key, bytes("b"));
}

TEST(Staged, AFailedReadIsToldFromThenOnAlsoThroughABranch) {
    MapStore store;
    fill(store, {{{Table::best, bytes("a")}, bytes("1")}});
    for (int kind = 0; kind < 3; ++kind) {
        Staged root{store.snapshot()};
        Overlay overlay;
        const Staged branch{root, overlay};
        store.faults().reads = 0;
        EXPECT_FALSE(branch.fault());
        if (kind == 0) {
            EXPECT_FALSE(branch.get(Table::best, bytes("a")));
        }
        if (kind == 1) {
            EXPECT_TRUE(branch.scan(Table::best, {}, {}, Bounds{}).empty());
        }
        if (kind == 2) {
            EXPECT_TRUE(root.scan_back(Table::best, {}, {}, Bounds{}).empty());
        }
        store.faults().reads.reset();
        ASSERT_TRUE(branch.fault());
        EXPECT_EQ(branch.fault()->detail, "read refused");
        EXPECT_TRUE(branch.get(Table::best, bytes("a")));
        EXPECT_TRUE(root.fault());
    }
}

TEST(Staged, HandsItsRowsOverWithoutACopyAndIsEmptyThen) {
    MapStore store;
    Staged rows{store.snapshot()};
    rows.put(Table::best, bytes("b"), bytes("1"));
    rows.erase(Table::best, bytes("a"));
    rows.clear(Table::pool);
    const Batch copy = rows.to_batch();
    const Batch moved = std::move(rows).to_batch();
    EXPECT_EQ(moved.cleared, std::vector{Table::pool});
    EXPECT_EQ(moved.rows, (std::vector<Row>{{Table::best, bytes("a"), std::nullopt},
                                            {Table::best, bytes("b"), bytes("1")}}));
    EXPECT_EQ(moved.cleared, copy.cleared);
    EXPECT_EQ(moved.rows, copy.rows);
    EXPECT_TRUE(rows.empty());  // NOLINT(bugprone-use-after-move): that is the promise
    EXPECT_EQ(rows.bytes(), 0u);
}

TEST(Staged, WithTablesToClearAloneIsNotEmpty) {
    MapStore store;
    Staged rows{store.snapshot()};
    EXPECT_TRUE(rows.empty());
    rows.clear(Table::pool);
    EXPECT_FALSE(rows.empty());
}

TEST(Staged, DamageToldOfABranchIsToldOfAllBelowAndTheFirstStays) {
    MapStore store;
    const Staged root{store.snapshot()};
    Overlay overlay;
    const Staged branch{root, overlay};
    branch.report({StoreFault::corrupt, "first"});
    root.report({StoreFault::io, "second"});
    for (const auto* rows : {&root, &branch}) {
        ASSERT_TRUE(rows->fault());
        EXPECT_EQ(rows->fault()->fault, StoreFault::corrupt);
        EXPECT_EQ(rows->fault()->detail, "first");
    }
}

}  // namespace
}  // namespace cairn
