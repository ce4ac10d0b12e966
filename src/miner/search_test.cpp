#include "miner/search.hpp"

#include <gtest/gtest.h>
#include <openssl/sha.h>

#include "core/consensus/target.hpp"
#include "core/vectors_test.hpp"
#include "miner/search_kernel.hpp"

namespace cairn {
namespace {

using search_impl::Kernel;
using search_impl::search_with;

constexpr std::uint64_t kSeed = 20'09;

/// The double hash of the whole header, by OpenSSL.
BlockHash independent_hash(BlockHeader header, std::uint32_t nonce) {
    header.nonce = nonce;
    const auto bytes = encode(header);
    std::array<std::uint8_t, 32> once{};
    BlockHash twice;
    SHA256(bytes.data(), bytes.size(), once.data());
    SHA256(once.data(), once.size(), twice.bytes.data());
    return twice;
}

/// What `search` has to answer, found without it.
std::optional<std::uint32_t> slow_search(const BlockHeader& header, NonceRange range,
                                         const U256& target) {
    for (std::uint64_t nonce = range.first; nonce < std::uint64_t{range.first} + range.count;
         ++nonce) {
        if (nonce >> 32 != 0) break;
        if (meets(independent_hash(header, static_cast<std::uint32_t>(nonce)), target))
            return static_cast<std::uint32_t>(nonce);
    }
    return std::nullopt;
}

BlockHeader random_header(std::mt19937_64& random) {
    return *decode_header(testing::random_bytes(random, BlockHeader::kSize));
}

const U256 kDifficultyOne = *expand({0x1d00ffff});

/// Every rule holds for both kernels.
class Search : public ::testing::TestWithParam<Kernel> {
protected:
    void SetUp() override {
        if (GetParam() == Kernel{search_impl::find_shani} && !sha256_impl::has_shani())
            GTEST_SKIP() << "this CPU has no SHA extensions";
    }
    static std::optional<std::uint32_t> find(const BlockHeader& header, NonceRange range,
                                             const U256& target) {
        return search_with(GetParam(), header, range, target);
    }
};

TEST_P(Search, FindsTheNoncesOfMinedHeaders) {
    const auto mined = testing::mined_headers();
    for (std::size_t i = 0; i < mined.size(); i += 20) {
        BlockHeader header = *decode_header(mined[i].bytes);
        const std::uint32_t known = header.nonce;
        header.nonce = 0;
        const std::uint32_t first = known < 150 ? 0 : known - 150;
        ASSERT_EQ(find(header, {first, 300}, kDifficultyOne), known) << "header " << i;
    }
}

TEST_P(Search, FindsTheSharesOfARealMiner) {
    const U256 target = *checked_multiply(kDifficultyOne, 500);
    const auto transcript = testing::read_json_vectors("stratum/minerd-2.5.1-transcript.json");
    for (const auto& share : transcript.at("shares").as_array()) {
        const BlockHeader header =
            *decode_header(testing::unhex(std::string_view{share.at("header").as_string()}));
        EXPECT_EQ(find(header, {header.nonce - 1000, 2000}, target), header.nonce);
    }
}

TEST_P(Search, FindsTheFirstOfManyAsHashingTheWholeHeaderDoes) {
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 1000; ++i) {
        const BlockHeader header = random_header(random);
        const NonceRange range{static_cast<std::uint32_t>(random()), random() % 80};
        const U256 target = U256::max() >> static_cast<unsigned>(random() % 8);
        ASSERT_EQ(find(header, range, target), slow_search(header, range, target))
            << "seed " << kSeed << " round " << i;
    }
}

TEST_P(Search, KernelNamesTheFirstHashWhoseTopIsLowEnough) {
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 300; ++i) {
        const BlockHeader header = random_header(random);
        const auto first = static_cast<std::uint32_t>(random() % 0xffff0000);
        std::uint32_t expected = first;
        const U256 target = U256::max() >> 2;
        const auto top_of = [&](std::uint32_t nonce) {
            return U256::from_little_endian(independent_hash(header, nonce).bytes) >> 224;
        };
        while (top_of(expected) > (target >> 224)) ++expected;
        ASSERT_EQ(GetParam()(search_impl::prepare(header, target), first, 1000), expected)
            << "seed " << kSeed;
    }
}

TEST_P(Search, TheTargetItselfIsEnoughAndOneLessIsNot) {
    std::mt19937_64 random{kSeed};
    for (int i = 0; i < 100; ++i) {
        const BlockHeader header = random_header(random);
        const auto nonce = static_cast<std::uint32_t>(random());
        const U256 hash = U256::from_little_endian(independent_hash(header, nonce).bytes);
        ASSERT_EQ(find(header, {nonce, 1}, hash), nonce) << "seed " << kSeed;
        ASSERT_EQ(find(header, {nonce, 1}, hash - U256{1}), std::nullopt) << "seed " << kSeed;
    }
}

TEST_P(Search, GoesOnAfterACandidateThatMissesTheTarget) {
    // The targets have the top 32 bits of the first hash and below them nothing: that hash is a
    // candidate and misses, and the search has to find the next that is really below.
    std::mt19937_64 random{kSeed};
    int went_on = 0;
    for (int i = 0; i < 100; ++i) {
        const BlockHeader header = random_header(random);
        const U256 hash = U256::from_little_endian(independent_hash(header, 0).bytes);
        const U256 target = hash >> 224 << 224;
        const auto expected = slow_search(header, {0, 50}, target);
        ASSERT_EQ(find(header, {0, 50}, target), expected) << "seed " << kSeed;
        went_on += expected.has_value() ? 1 : 0;
    }
    EXPECT_GT(went_on, 50);
}

TEST_P(Search, LooksAtTheFirstAndTheLastNonceAndAtNoneBeside) {
    const BlockHeader header = *decode_header(testing::mined_headers().front().bytes);
    const std::uint32_t known = header.nonce;
    for (const std::uint32_t size : {1U, 2U, 3U, 4U, 7U, 8U}) {
        EXPECT_EQ(find(header, {known, size}, kDifficultyOne), known);
        EXPECT_EQ(find(header, {known - (size - 1), size}, kDifficultyOne), known);
        EXPECT_EQ(find(header, {known + 1, size}, kDifficultyOne), std::nullopt);
        EXPECT_EQ(find(header, {known - size, size}, kDifficultyOne), std::nullopt);
    }
    EXPECT_EQ(find(header, {known, 0}, kDifficultyOne), std::nullopt);
}

TEST_P(Search, EndsAtTheLastNonceThereIs) {
    std::mt19937_64 random{kSeed};
    const BlockHeader header = random_header(random);
    constexpr std::uint32_t kLast = 0xffffffff;
    const U256 of_last = U256::from_little_endian(independent_hash(header, kLast).bytes);
    EXPECT_EQ(find(header, {kLast, 1}, of_last), kLast);
    EXPECT_EQ(find(header, {kLast, ~std::uint64_t{0}}, of_last), kLast);
    // Nonce 0 would do and is not looked at, though the range is long enough to wrap.
    const U256 of_zero = U256::from_little_endian(independent_hash(header, 0).bytes);
    for (const std::uint32_t first : {kLast, kLast - 1, kLast - 2})
        EXPECT_EQ(find(header, {first, ~std::uint64_t{0}}, of_zero),
                  slow_search(header, {first, 10}, of_zero));
    EXPECT_EQ(find(header, {kLast, 2}, std::min(of_last - U256{1}, of_zero)), std::nullopt);
}

TEST_P(Search, NothingMeetsATargetOfOne) {
    std::mt19937_64 random{kSeed};
    EXPECT_EQ(find(random_header(random), {0, 10'000}, U256{1}), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Search,
                         ::testing::Values(search_impl::find_portable, search_impl::find_shani),
                         [](const auto& kernel) {
                             return std::string{kernel.param == Kernel{search_impl::find_shani}
                                                    ? "ShaExtensions"
                                                    : "Portable"};
                         });

TEST(SearchOfThisCpu, FindsWhatBothDo) {
    const BlockHeader header = *decode_header(testing::mined_headers().front().bytes);
    EXPECT_EQ(search(header, {header.nonce - 5000, 10'000}, kDifficultyOne), header.nonce);
}

}  // namespace
}  // namespace cairn
