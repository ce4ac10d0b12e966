#include "storage/memory_store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "storage/testing/store_driver.hpp"

namespace cairn {
namespace {

Bytes bytes(std::string_view text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
}

Batch put(Table table, std::string_view key, std::string_view value) {
    return {{}, {{table, bytes(key), bytes(value)}}};
}

std::vector<std::string> keys(const Result<std::vector<Row>, StoreError>& rows) {
    std::vector<std::string> out;
    for (const Row& row : rows.value()) out.emplace_back(as_text(row.key));
    return out;
}

TEST(MemoryStore, GivesBackWhatWasWrittenInItsTableOnly) {
    MemoryStore store;
    ASSERT_TRUE(store.write(put(Table::blocks, "k", "v")));
    EXPECT_EQ(store.snapshot()->get(Table::blocks, as_bytes("k")).value(), bytes("v"));
    EXPECT_EQ(store.snapshot()->get(Table::undo, as_bytes("k")).value(), std::nullopt);
}

TEST(MemoryStore, RowWithoutValueErases) {
    MemoryStore store;
    ASSERT_TRUE(store.write(put(Table::blocks, "k", "v")));
    ASSERT_TRUE(store.write({{}, {{Table::blocks, bytes("k"), std::nullopt}}}));
    EXPECT_EQ(store.snapshot()->get(Table::blocks, as_bytes("k")).value(), std::nullopt);
}

TEST(MemoryStore, EmptyValueIsAValue) {
    MemoryStore store;
    ASSERT_TRUE(store.write(put(Table::meta, "k", "")));
    EXPECT_EQ(store.snapshot()->get(Table::meta, as_bytes("k")).value(), Bytes{});
}

TEST(MemoryStore, ClearsATableBeforeTheRowsOfTheSameBatch) {
    MemoryStore store;
    ASSERT_TRUE(store.write(put(Table::best, "old", "1")));
    ASSERT_TRUE(store.write(put(Table::pool, "other", "2")));
    Batch restart = put(Table::best, "new", "3");
    restart.cleared = {Table::best};
    ASSERT_TRUE(store.write(restart));
    EXPECT_EQ(keys(store.snapshot()->scan(Table::best, {}, {}, {})),
              (std::vector<std::string>{"new"}));
    EXPECT_EQ(keys(store.snapshot()->scan(Table::pool, {}, {}, {})),
              (std::vector<std::string>{"other"}));
}

TEST(MemoryStore, SnapshotIsNotChangedByLaterWrites) {
    MemoryStore store;
    testing::StoreDriver driver{7};
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(store.write(driver.batch()));
    const auto held = store.snapshot();
    const auto before = testing::dump(*held);
    for (int i = 0; i < 200; ++i) ASSERT_TRUE(store.write(driver.batch()));
    EXPECT_EQ(testing::dump(*held), before);
    EXPECT_NE(testing::dump(*store.snapshot()), before);
}

class Ranges : public ::testing::Test {
protected:
    void SetUp() override {
        for (const char* key : {"a", "b", "c", "d"})
            ASSERT_TRUE(store.write(put(Table::history, key, "xxxx")));
    }
    [[nodiscard]] std::vector<std::string> up(std::string_view from, std::string_view to,
                                              Bounds bounds = {}) const {
        return keys(store.snapshot()->scan(Table::history, as_bytes(from), as_bytes(to), bounds));
    }
    [[nodiscard]] std::vector<std::string> down(std::string_view from, std::string_view to,
                                                Bounds bounds = {}) const {
        return keys(
            store.snapshot()->scan_back(Table::history, as_bytes(from), as_bytes(to), bounds));
    }
    using Keys = std::vector<std::string>;
    MemoryStore store;
};

TEST_F(Ranges, BeginAtFromAndEndBeforeTo) {
    EXPECT_EQ(up("b", "d"), (Keys{"b", "c"}));
    EXPECT_EQ(down("b", "d"), (Keys{"c", "b"}));
    EXPECT_EQ(up("aa", "cc"), (Keys{"b", "c"}));
}

TEST_F(Ranges, EmptyToIsTheEndOfTheTable) {
    EXPECT_EQ(up("c", ""), (Keys{"c", "d"}));
    EXPECT_EQ(down("", ""), (Keys{"d", "c", "b", "a"}));
}

TEST_F(Ranges, ReversedRangeIsEmpty) {
    EXPECT_TRUE(up("c", "b").empty());
    EXPECT_TRUE(down("c", "b").empty());
}

TEST_F(Ranges, EndAtTheBoundOfRows) {
    EXPECT_EQ(up("", "", {2, 1000}), (Keys{"a", "b"}));
    EXPECT_EQ(down("", "", {3, 1000}), (Keys{"d", "c", "b"}));
}

TEST_F(Ranges, EndAtTheBoundOfBytes) {
    EXPECT_EQ(up("", "", {1000, 10}), (Keys{"a", "b"}));  // five bytes a row
    EXPECT_EQ(up("", "", {1000, 9}), (Keys{"a"}));
}

TEST_F(Ranges, ReturnOneRowHoweverSmallTheBounds) {
    EXPECT_EQ(up("", "", {0, 0}), (Keys{"a"}));
    EXPECT_EQ(down("", "", {1000, 1}), (Keys{"d"}));
}

TEST(MemoryStore, ReadersSeeWholeBatchesWhileItIsWritten) {
    MemoryStore store;
    std::atomic<bool> done = false;
    const auto read = [&] {
        while (!done) {
            const auto view = store.snapshot();
            const auto rows = view->scan(Table::accounts, {}, {}, {1000, 1 << 20});
            ASSERT_TRUE(rows);
            // Every batch writes one value to all rows.
            for (const Row& row : *rows) ASSERT_EQ(row.value, rows->front().value);
        }
    };
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i) readers.emplace_back(read);
    for (std::uint8_t round = 0; round < 200; ++round) {
        Batch batch;
        for (std::uint8_t key = 0; key < 32; ++key)
            batch.rows.push_back({Table::accounts, {key}, Bytes{round}});
        ASSERT_TRUE(store.write(batch));
    }
    done = true;
}

}  // namespace
}  // namespace cairn
