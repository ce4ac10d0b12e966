#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "storage/testing/faulty_fs.hpp"
#include "storage/testing/store_driver.hpp"

namespace cairn {
namespace {

using testing::dump;
using testing::FaultyFs;
using testing::StoreDriver;
using testing::Unsynced;

constexpr std::uint64_t kSeed = 20260501;

using Opened = Result<std::unique_ptr<RocksStore>, OpenStoreError>;

Opened open_store(const std::shared_ptr<FaultyFs>& disk) {
    RocksStoreOptions options;
    options.file_system = disk;
    options.clock = testing::impatient_clock();
    options.memtable_bytes = 64 * 1024;  // so that a short run flushes and compacts
    return RocksStore::open("/data/store", options);
}

/// A run of writes with a restart in the middle, and what it may have left on the disk.
struct Writing {
    static constexpr int kWrites = 10;

    explicit Writing(std::shared_ptr<FaultyFs> on) : disk{std::move(on)} {}

    /// Until the end or the first error.
    void go() {
        for (int i = 0; i < kWrites; ++i) {
            if (i % 5 == 0) {
                store.reset();
                auto opened = open_store(disk);
                if (!opened) return;
                store = std::move(*opened);
            }
            if (i == 7 && !store->backup()) return;
            const Batch batch = driver.batch(24, 4000);
            if (!store->write(batch)) {
                in_flight = batch;
                return;
            }
            ASSERT_TRUE(acknowledged.write(batch));
        }
        finished = true;
    }
    [[nodiscard]] bool explains(const std::vector<Row>& found) const {
        if (found == dump(*acknowledged.snapshot())) return true;
        if (!in_flight) return false;
        MemoryStore with_it;
        EXPECT_TRUE(with_it.write({{}, dump(*acknowledged.snapshot())}));
        EXPECT_TRUE(with_it.write(*in_flight));
        return found == dump(*with_it.snapshot());
    }

    std::shared_ptr<FaultyFs> disk;
    StoreDriver driver{kSeed};
    std::unique_ptr<RocksStore> store;
    MemoryStore acknowledged;
    std::optional<Batch> in_flight;
    bool finished = false;
};

/// 1 meets every point; the default keeps the suite short.
std::uint64_t stride() {
    const char* text = std::getenv("CAIRN_CRASH_STRIDE");
    return text == nullptr ? 9 : std::strtoull(text, nullptr, 10);
}

class CrashAtEveryChange : public ::testing::TestWithParam<Unsynced> {};

TEST_P(CrashAtEveryChange, LeavesTheAcknowledgedWritesAndOfTheOneInFlightAllOrNothing) {
    std::uint64_t points = 0;
    for (std::uint64_t at = 1;; at += stride(), ++points) {
        SCOPED_TRACE("change " + std::to_string(at));
        Writing run{std::make_shared<FaultyFs>()};
        run.disk->crash_at(at);
        run.go();
        const bool finished = run.finished;
        run.store.reset();
        run.disk->power_failure(GetParam(), at);

        // The second crash: while the first is being recovered from.
        run.disk->crash_at(run.disk->changes() + 1 + at % 29);
        { const auto interrupted = open_store(run.disk); }
        run.disk->power_failure(GetParam(), at + 1);

        auto reopened = open_store(run.disk);
        ASSERT_TRUE(reopened) << reopened.error().sentence;
        const auto found = dump(*(*reopened)->snapshot());
        ASSERT_TRUE(run.explains(found));

        // And it goes on from there: nothing of what is written next is lost.
        const Batch next = run.driver.batch();
        ASSERT_TRUE((*reopened)->write(next));
        const auto after = dump(*(*reopened)->snapshot());
        run.disk->crash_at(run.disk->changes() + 1);
        reopened->reset();
        run.disk->power_failure(GetParam(), at + 2);
        const auto again = open_store(run.disk);
        ASSERT_TRUE(again) << again.error().sentence;
        ASSERT_TRUE(dump(*(*again)->snapshot()) == after);
        if (finished) break;
    }
    std::printf("%llu crash points\n", static_cast<unsigned long long>(points));
    EXPECT_GT(points * stride(), 150U);
}

INSTANTIATE_TEST_SUITE_P(Storage, CrashAtEveryChange,
                         ::testing::Values(Unsynced::drop, Unsynced::tear, Unsynced::keep),
                         [](const auto& parameter) -> std::string {
                             switch (parameter.param) {
                                 case Unsynced::drop:
                                     return "Drop";
                                 case Unsynced::tear:
                                     return "Tear";
                                 case Unsynced::keep:
                                     break;
                             }
                             return "Keep";
                         });

struct Failure {
    bool for_ever = false;
    bool no_space = false;
};

class FailureAtEveryChange : public ::testing::TestWithParam<Failure> {};

TEST_P(FailureAtEveryChange, IsNamedAndRecoveredFromWithNothingLostOrAdded) {
    const Failure failure = GetParam();
    for (std::uint64_t at = 1;; at += stride() + 1) {
        SCOPED_TRACE("change " + std::to_string(at));
        const auto disk = std::make_shared<FaultyFs>();
        disk->fail_change(at, failure.for_ever, failure.no_space);
        StoreDriver driver{kSeed};
        MemoryStore acknowledged;
        auto store = open_store(disk);
        if (!store) {
            disk->heal();
            store = open_store(disk);
            ASSERT_TRUE(store) << store.error().sentence;
        }
        for (int i = 0; i < 12; ++i) {
            const Batch batch = driver.batch(24, 4000);
            const auto written = (*store)->write(batch);
            if (written) {
                ASSERT_TRUE(acknowledged.write(batch));
                continue;
            }
            EXPECT_EQ(written.error().fault,
                      failure.no_space ? StoreFault::no_space : StoreFault::io)
                << written.error().detail;
            // Reads go on, and show what was acknowledged.
            ASSERT_TRUE(dump(*(*store)->snapshot()) == dump(*acknowledged.snapshot()));
            if (failure.for_ever) {
                ASSERT_FALSE((*store)->write(batch));
            }
            disk->heal();
            // Every other time the process dies before it could recover.
            if (at % 2 == 0) {
                disk->crash_at(disk->changes() + 1);
                store->reset();
                disk->power_failure(Unsynced::keep, at);
                store = open_store(disk);
                ASSERT_TRUE(store) << store.error().sentence;
                MemoryStore with_it;
                ASSERT_TRUE(with_it.write({{}, dump(*acknowledged.snapshot())}));
                ASSERT_TRUE(with_it.write(batch));
                if (failure.for_ever &&
                    dump(*(*store)->snapshot()) ==
                        dump(*with_it.snapshot())) {  // even the side file could not be told
                    ASSERT_TRUE(acknowledged.write(batch));
                }
                ASSERT_TRUE(dump(*(*store)->snapshot()) == dump(*acknowledged.snapshot()));
            } else {
                const auto recovered = (*store)->recover();
                ASSERT_TRUE(recovered) << recovered.error().detail;
            }
        }
        const bool met = disk->changes() >= at;
        disk->heal();
        ASSERT_TRUE((*store)->recover());
        const Batch last = driver.batch();
        ASSERT_TRUE((*store)->write(last));
        ASSERT_TRUE(acknowledged.write(last));
        disk->crash_at(disk->changes() + 1);
        store->reset();
        disk->power_failure(Unsynced::keep, at);
        store = open_store(disk);
        ASSERT_TRUE(store) << store.error().sentence;
        ASSERT_TRUE(dump(*(*store)->snapshot()) == dump(*acknowledged.snapshot()));
        if (!met) break;
    }
}

INSTANTIATE_TEST_SUITE_P(Storage, FailureAtEveryChange,
                         ::testing::Values(Failure{false, false}, Failure{false, true},
                                           Failure{true, false}, Failure{true, true}),
                         [](const auto& parameter) {
                             return std::string{parameter.param.no_space ? "DiskFull" : "IoError"} +
                                    (parameter.param.for_ever ? "ForEver" : "Once");
                         });

/// Somebody reads all the while: before the failure, during it, and long after the recovery.
TEST(RocksStore, ReadersGoOnThroughAFailureAndTheRecoveryFromIt) {
    for (std::uint64_t at = 1;; at += stride()) {
        SCOPED_TRACE("change " + std::to_string(at));
        const auto disk = std::make_shared<FaultyFs>();
        StoreDriver driver{kSeed};
        MemoryStore acknowledged;
        auto store = open_store(disk);
        ASSERT_TRUE(store);
        const auto first = disk->changes();
        disk->fail_change(first + at, true, at % 2 == 0);
        std::shared_ptr<const Snapshot> held;
        std::vector<Row> seen;
        bool met = false;
        for (int i = 0; i < 24; ++i) {
            const Batch batch = driver.batch(24, 4000);
            if (const auto written = (*store)->write(batch)) {
                ASSERT_TRUE(acknowledged.write(batch));
            } else {
                ASSERT_FALSE(met) << "it failed again: " << written.error().detail;
                met = true;
                held = (*store)->snapshot();
                seen = dump(*held);
                ASSERT_TRUE(seen == dump(*acknowledged.snapshot()));
                for (int tries = 0; tries < 3; ++tries) {
                    ASSERT_FALSE((*store)->recover());
                    ASSERT_TRUE(dump(*(*store)->snapshot()) == seen);
                }
                disk->heal();
                const auto recovered = (*store)->recover();
                ASSERT_TRUE(recovered) << recovered.error().detail;
            }
            if (held) {
                ASSERT_TRUE(dump(*held) == seen);
                ASSERT_TRUE(dump(*(*store)->snapshot()) == dump(*acknowledged.snapshot()));
            }
        }
        held.reset();  // now what failed is closed, beside the store that took its place
        ASSERT_TRUE(dump(*(*store)->snapshot()) == dump(*acknowledged.snapshot()));
        disk->crash_at(disk->changes() + 1);
        store->reset();
        disk->power_failure(Unsynced::keep, at);
        store = open_store(disk);
        ASSERT_TRUE(store) << store.error().sentence;
        ASSERT_TRUE(dump(*(*store)->snapshot()) == dump(*acknowledged.snapshot()));
        if (!met) break;
    }
}

TEST(RocksStore, WaitsWithTheRecoveryWhileTooMuchOfWhatFailedIsStillRead) {
    const auto disk = std::make_shared<FaultyFs>();
    auto store = open_store(disk);
    StoreDriver driver{kSeed};
    std::vector<std::shared_ptr<const Snapshot>> held;
    for (std::size_t i = 0;; ++i) {
        ASSERT_LE(i, RocksStore::kGivenUpMax);
        held.push_back((*store)->snapshot());
        disk->fail_change(disk->changes() + 1, true, false);
        ASSERT_FALSE((*store)->write({{}, {{Table::meta, {1}, Bytes{1}}}}));
        disk->heal();
        const auto recovered = (*store)->recover();
        EXPECT_EQ(recovered.has_value(), i < RocksStore::kGivenUpMax);
        if (!recovered) break;
    }
    held.erase(held.begin());
    EXPECT_TRUE((*store)->recover());
    EXPECT_TRUE((*store)->write({{}, {{Table::meta, {1}, Bytes{1}}}}));
}

TEST(RocksStore, FailedReadIsAnErrorOrTheRightAnswer) {
    const auto disk = std::make_shared<FaultyFs>();
    Writing run{disk};
    run.go();
    ASSERT_TRUE(run.finished);
    run.store.reset();
    const auto expected = dump(*run.acknowledged.snapshot());
    std::uint64_t failed = 0;
    for (std::uint64_t at = 1; at < 400; at += stride()) {
        const auto copy = disk->clone();
        copy->fail_read(at, false);
        const auto store = open_store(copy);
        if (!store) {
            ++failed;
            continue;
        }
        const auto snapshot = (*store)->snapshot();
        for (const Row& row : expected) {
            const auto value = snapshot->get(row.table, row.key);
            if (!value) {
                ++failed;
                continue;
            }
            ASSERT_EQ(*value, row.value);
        }
    }
    EXPECT_GT(failed, 0U);
}

}  // namespace
}  // namespace cairn
