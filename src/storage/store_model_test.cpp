#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "storage/memory_store.hpp"
#include "storage/rocks_store.hpp"
#include "storage/testing/faulty_fs.hpp"
#include "storage/testing/store_driver.hpp"

namespace cairn {
namespace {

using testing::dump;
using testing::FaultyFs;
using testing::StoreDriver;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// Both stores, driven alike.
class Twins {
public:
    Twins() { reopen(); }

    void reopen() {
        rocks_.reset();
        RocksStoreOptions options;
        options.file_system = disk_;
        options.memtable_bytes = 64 * 1024;  // small, so that flushes and compactions take part
        options.cache_bytes = 64 * 1024;
        auto opened = RocksStore::open("/data/store", options);
        if (!opened) FAIL() << opened.error().sentence;
        rocks_ = std::move(*opened);
    }
    void write(const Batch& batch) {
        ASSERT_TRUE(rocks_->write(batch));
        ASSERT_TRUE(memory_.write(batch));
    }
    struct Views {
        std::shared_ptr<const Snapshot> rocks;
        std::shared_ptr<const Snapshot> memory;
    };
    [[nodiscard]] Views views() const { return {rocks_->snapshot(), memory_.snapshot()}; }

private:
    std::shared_ptr<FaultyFs> disk_ = std::make_shared<FaultyFs>();
    std::unique_ptr<RocksStore> rocks_;
    MemoryStore memory_;
};

void compare_reads(const Twins::Views& views, StoreDriver& driver) {
    const Table table = driver.table();
    const Bytes key = driver.key();
    ASSERT_EQ(views.rocks->get(table, key).value(), views.memory->get(table, key).value());
    const Bytes from = driver.limit();
    const Bytes to = driver.limit();
    const Bounds bounds = driver.bounds();
    ASSERT_EQ(views.rocks->scan(table, from, to, bounds).value(),
              views.memory->scan(table, from, to, bounds).value());
    ASSERT_EQ(views.rocks->scan_back(table, from, to, bounds).value(),
              views.memory->scan_back(table, from, to, bounds).value());
}

TEST(StoreModel, RocksAndTheTwinGiveTheSameBytes) {
    const auto seed = from_environment("CAIRN_SEED", std::random_device{}());
    const auto operations = from_environment("CAIRN_MODEL_OPS", 8'000);
    SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed));
    std::printf("CAIRN_SEED=%llu\n", static_cast<unsigned long long>(seed));

    StoreDriver driver{seed};
    Twins twins;
    std::vector<Twins::Views> held;
    for (std::uint64_t i = 0; i < operations && !::testing::Test::HasFatalFailure(); ++i) {
        const auto kind = driver.below(1000);
        if (kind < 300) {
            twins.write(driver.batch());
        } else if (kind < 330) {
            if (held.size() == 8) held.erase(held.begin() + static_cast<long>(driver.below(8)));
            held.push_back(twins.views());
        } else if (kind < 480 && !held.empty()) {
            compare_reads(held[driver.below(held.size())], driver);
        } else if (kind == 999) {
            for (const auto& views : held) ASSERT_EQ(dump(*views.rocks), dump(*views.memory));
            held.clear();  // a snapshot keeps the database open
            twins.reopen();
            const auto views = twins.views();
            ASSERT_EQ(dump(*views.rocks), dump(*views.memory));
        } else {
            compare_reads(twins.views(), driver);
        }
    }
}

}  // namespace
}  // namespace cairn
