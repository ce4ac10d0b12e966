#include "api/block_cache.hpp"

#include <gtest/gtest.h>

#include "ledger/staged.hpp"
#include "ledger/tables.hpp"
#include "ledger/testing/map_store.hpp"

namespace cairn {
namespace {

BlockHash hash_of(std::uint8_t number) {
    BlockHash hash;
    hash.bytes[0] = number;
    return hash;
}

/// Runs nothing until it is told to.
class HeldLane final : public SlowLane {
public:
    [[nodiscard]] bool post(SlowWork work, std::string /*key*/, Job job) override {
        EXPECT_EQ(work, SlowWork::read);
        if (full) return false;
        jobs.push_back(std::move(job));
        return true;
    }
    void resume(SlowWork /*work*/, std::function<void()> /*job*/) override { FAIL(); }
    void run() {
        for (auto& job : std::exchange(jobs, {})) job(nullptr);
    }

    std::vector<Job> jobs;
    bool full = false;
};

class BlocksOfAStore : public ::testing::Test {
protected:
    static constexpr std::size_t kLarge = tables::kReadAtOnce + 1;

    BlocksOfAStore() {
        empty_ = view();
        Staged rows{store_.snapshot()};
        for (std::uint8_t i = 0; i < 10; ++i) tables::put_block(rows, i, hash_of(i), Bytes(100, i));
        tables::put_block(rows, 10, hash_of(10), Bytes(kLarge, 10));
        EXPECT_TRUE(store_.write(rows.to_batch()));
        full_ = view();
    }
    [[nodiscard]] ViewPtr view() const {
        auto made = std::make_shared<View>();
        made->store = store_.snapshot();
        return made;
    }
    static SharedBytes find(BlockCache& cache, const ViewPtr& view, std::uint8_t number) {
        const auto read =
            cache.find(view, number, hash_of(number), 100, [](const auto&) { FAIL(); });
        return read.value().value();
    }
    /// Where it can be had from nowhere but the cache.
    [[nodiscard]] bool is_kept(BlockCache& cache, std::uint8_t number) const {
        return find(cache, empty_, number) != nullptr;
    }

    testing::MapStore store_;
    ViewPtr empty_;
    ViewPtr full_;
};

TEST_F(BlocksOfAStore, AreReadOnce) {
    BlockCache cache{1'000};
    EXPECT_EQ(find(cache, empty_, 3), nullptr);
    const auto first = find(cache, full_, 3);
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(*first, Bytes(100, 3));
    EXPECT_EQ(find(cache, empty_, 3), first);
}

TEST_F(BlocksOfAStore, AreKeptWithinTheBoundTheLatestAskedForLongest) {
    BlockCache cache{300};
    for (std::uint8_t i = 0; i < 3; ++i) EXPECT_NE(find(cache, full_, i), nullptr);
    EXPECT_TRUE(is_kept(cache, 0));
    EXPECT_NE(find(cache, full_, 3), nullptr);
    EXPECT_FALSE(is_kept(cache, 1));
    EXPECT_TRUE(is_kept(cache, 0));
    EXPECT_TRUE(is_kept(cache, 2));
    EXPECT_TRUE(is_kept(cache, 3));
}

TEST_F(BlocksOfAStore, ThatAreLargerThanTheBoundAreGivenAndNotKept) {
    BlockCache cache{99};
    EXPECT_NE(find(cache, full_, 0), nullptr);
    EXPECT_FALSE(is_kept(cache, 0));
}

TEST_F(BlocksOfAStore, ThatAreLargeAreReadElsewhereOnceForAllWhoWait) {
    HeldLane lane;
    BlockCache cache{2 * kLarge, &lane};
    EXPECT_NE(find(cache, full_, 1), nullptr);  // a small one is read here
    std::vector<SharedBytes> told;
    const auto ask = [&] {
        return cache.find(full_, 10, hash_of(10), kLarge,
                          [&](const BlockCache::Read& read) { told.push_back(read.value()); });
    };
    EXPECT_FALSE(ask());
    EXPECT_FALSE(ask());
    EXPECT_EQ(lane.jobs.size(), 1U);
    EXPECT_TRUE(told.empty());
    lane.run();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0]->size(), kLarge);
    EXPECT_EQ(told[0], told[1]);
    EXPECT_EQ(ask().value().value(), told[0]);
    EXPECT_EQ(told.size(), 2U);
}

TEST_F(BlocksOfAStore, ThatCannotBeReadForThereIsTooMuchToReadAreToldAsThat) {
    HeldLane lane;
    lane.full = true;
    BlockCache cache{2 * kLarge, &lane};
    bool refused = false;
    const auto ask = [&] {
        return cache.find(full_, 10, hash_of(10), kLarge,
                          [&](const BlockCache::Read& read) { refused = !read.has_value(); });
    };
    EXPECT_FALSE(ask());
    EXPECT_TRUE(std::exchange(refused, false));
    lane.full = false;
    EXPECT_FALSE(ask());
    lane.run();
    EXPECT_FALSE(refused);
    EXPECT_TRUE(ask());
}

}  // namespace
}  // namespace cairn
