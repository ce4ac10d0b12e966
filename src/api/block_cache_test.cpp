#include "api/block_cache.hpp"

#include <gtest/gtest.h>

#include "ledger/tables.hpp"
#include "ledger/testing/map_store.hpp"

namespace cairn {
namespace {

BlockHash hash_of(std::uint8_t number) {
    BlockHash hash;
    hash.bytes[0] = number;
    return hash;
}

class BlocksOfAStore : public ::testing::Test {
protected:
    BlocksOfAStore() {
        Staged rows{store_.snapshot()};
        for (std::uint8_t i = 0; i < 10; ++i) tables::put_block(rows, i, hash_of(i), Bytes(100, i));
        EXPECT_TRUE(store_.write(rows.to_batch()));
        full_ = store_.snapshot();
    }
    /// Where it can be had from nowhere but the cache.
    [[nodiscard]] bool is_kept(BlockCache& cache, std::uint8_t number) const {
        return cache.find(Staged{empty_}, number, hash_of(number)) != nullptr;
    }

    testing::MapStore store_;
    std::shared_ptr<const Snapshot> empty_ = store_.snapshot();
    std::shared_ptr<const Snapshot> full_;
};

TEST_F(BlocksOfAStore, AreReadOnce) {
    BlockCache cache{1'000};
    EXPECT_EQ(cache.find(Staged{empty_}, 3, hash_of(3)), nullptr);
    const auto first = cache.find(Staged{full_}, 3, hash_of(3));
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(*first, Bytes(100, 3));
    EXPECT_EQ(cache.find(Staged{empty_}, 3, hash_of(3)), first);
}

TEST_F(BlocksOfAStore, AreKeptWithinTheBoundTheLatestAskedForLongest) {
    BlockCache cache{300};
    for (std::uint8_t i = 0; i < 3; ++i)
        EXPECT_NE(cache.find(Staged{full_}, i, hash_of(i)), nullptr);
    EXPECT_TRUE(is_kept(cache, 0));
    EXPECT_NE(cache.find(Staged{full_}, 3, hash_of(3)), nullptr);
    EXPECT_FALSE(is_kept(cache, 1));
    EXPECT_TRUE(is_kept(cache, 0));
    EXPECT_TRUE(is_kept(cache, 2));
    EXPECT_TRUE(is_kept(cache, 3));
}

TEST_F(BlocksOfAStore, ThatAreLargerThanTheBoundAreGivenAndNotKept) {
    BlockCache cache{99};
    EXPECT_NE(cache.find(Staged{full_}, 0, hash_of(0)), nullptr);
    EXPECT_FALSE(is_kept(cache, 0));
}

}  // namespace
}  // namespace cairn
