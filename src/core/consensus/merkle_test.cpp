#include "core/consensus/merkle.hpp"

#include <gtest/gtest.h>

#include <set>

#include "core/crypto/sha256.hpp"
#include "core/vectors_test.hpp"

namespace cairn {
namespace {

Txid leaf(std::size_t number) {
    Txid id;
    id.bytes[0] = static_cast<std::uint8_t>(number);
    id.bytes[1] = static_cast<std::uint8_t>(number >> 8);
    id.bytes[31] = 1;
    return id;
}

std::vector<Txid> list_of(std::size_t size) {
    std::vector<Txid> ids;
    for (std::size_t i = 0; i < size; ++i) ids.push_back(leaf(i));
    return ids;
}

Hash256 pair(const Hash256& left, const Hash256& right) {
    return sha256d_pair(left.bytes, right.bytes);
}
Hash256 node(std::size_t number) { return digest_cast<Hash256>(leaf(number)); }

std::vector<Hash256> merkle_branch(const std::vector<Txid>& ids, std::size_t position) {
    MerkleWalk walk{ids, position};
    EXPECT_FALSE(walk.step(ids.size()));
    return walk.branch();
}

TEST(MerkleRoot, OfNothingIsZeroAndOfOneItself) {
    EXPECT_EQ(merkle_root({}), MerkleRoot{});
    EXPECT_EQ(merkle_root(list_of(1)), digest_cast<MerkleRoot>(leaf(0)));
}

TEST(MerkleRoot, PairsLevelByLevel) {
    EXPECT_EQ(merkle_root(list_of(2)), digest_cast<MerkleRoot>(pair(node(0), node(1))));
    EXPECT_EQ(merkle_root(list_of(4)),
              digest_cast<MerkleRoot>(pair(pair(node(0), node(1)), pair(node(2), node(3)))));
}

TEST(MerkleRoot, AnOddNodeGoesUpUnchanged) {
    EXPECT_EQ(merkle_root(list_of(3)),
              digest_cast<MerkleRoot>(pair(pair(node(0), node(1)), node(2))));
    EXPECT_EQ(merkle_root(list_of(7)),
              digest_cast<MerkleRoot>(pair(pair(pair(node(0), node(1)), pair(node(2), node(3))),
                                           pair(pair(node(4), node(5)), node(6)))));
}

TEST(MerkleRoot, RepeatingTheTailGivesAnotherRoot) {  // CVE-2012-2459
    auto ids = list_of(3);
    const MerkleRoot honest = merkle_root(ids);
    ids.push_back(ids.back());
    EXPECT_NE(merkle_root(ids), honest);
}

TEST(MerkleRoot, AllListsOfUpToEightLeavesHaveDistinctRoots) {
    constexpr std::size_t kLetters = 3;
    std::set<MerkleRoot> roots;
    std::size_t lists = 0;
    for (std::size_t size = 1, count = kLetters; size <= 8; ++size, count *= kLetters)
        for (std::size_t word = 0; word < count; ++word) {
            std::vector<Txid> ids;
            for (std::size_t i = 0, rest = word; i < size; ++i, rest /= kLetters)
                ids.push_back(leaf(rest % kLetters));
            roots.insert(merkle_root(ids));
            ++lists;
        }
    EXPECT_EQ(lists, 9840U);
    EXPECT_EQ(roots.size(), lists);
}

TEST(MerkleBranch, FoldsToTheRootFromEveryLeafOfEverySize) {
    for (std::size_t size = 1; size <= 40; ++size) {
        const auto ids = list_of(size);
        for (std::size_t at = 0; at < size; ++at)
            ASSERT_EQ(merkle_fold(ids[at], at, size, merkle_branch(ids, at)), merkle_root(ids))
                << at << " of " << size;
    }
}

TEST(MerkleBranch, IsTheSameInSlicesOfAnySize) {
    for (const std::size_t size : {1U, 2U, 3U, 7U, 8U, 100U}) {
        const auto ids = list_of(size);
        for (std::size_t position = 0; position < size; ++position) {
            for (const std::size_t pairs : {1U, 2U, 3U, 1000U}) {
                MerkleWalk walk{ids, position};
                std::size_t steps = 1;
                while (walk.step(pairs)) ++steps;
                EXPECT_EQ(walk.branch(), merkle_branch(ids, position));
                EXPECT_LE(steps, size / pairs + 2);
            }
        }
    }
}

TEST(MerkleBranch, LeadsNowhereFromAnotherPosition) {
    for (std::size_t size = 1; size <= 40; ++size) {
        const auto ids = list_of(size);
        for (std::size_t at = 0; at < size; ++at)
            for (std::size_t claimed = 0; claimed < size + 2; ++claimed) {
                if (claimed == at) continue;
                ASSERT_NE(merkle_fold(ids[at], claimed, size, merkle_branch(ids, at)),
                          merkle_root(ids))
                    << at << " as " << claimed << " of " << size;
            }
    }
}

TEST(MerkleBranch, LeadsNowhereFromAnotherLeaf) {
    const auto ids = list_of(13);
    for (std::size_t at = 0; at < ids.size(); ++at)
        EXPECT_NE(merkle_fold(leaf(99), at, ids.size(), merkle_branch(ids, at)), merkle_root(ids));
}

TEST(MerkleBranch, NeedsExactlyItsLength) {
    for (std::size_t size = 1; size <= 40; ++size) {
        const auto ids = list_of(size);
        for (std::size_t at = 0; at < size; ++at) {
            auto branch = merkle_branch(ids, at);
            branch.push_back(node(7));
            ASSERT_EQ(merkle_fold(ids[at], at, size, branch), MerkleRoot{}) << at << " of " << size;
            branch.pop_back();
            if (branch.empty()) continue;
            branch.pop_back();
            ASSERT_EQ(merkle_fold(ids[at], at, size, branch), MerkleRoot{}) << at << " of " << size;
        }
    }
}

TEST(MerkleBranch, OfNoSuchLeafIsEmptyAndFoldsToZero) {
    const auto ids = list_of(5);
    EXPECT_TRUE(merkle_branch(ids, 5).empty());
    EXPECT_EQ(merkle_fold(ids[0], 5, 5, {}), MerkleRoot{});
    EXPECT_EQ(merkle_fold(ids[0], 0, 0, {}), MerkleRoot{});
}

TEST(MerkleBranch, AnOddNodeConsumesNoSibling) {
    EXPECT_EQ(merkle_branch(list_of(5), 4).size(), 1U);
    EXPECT_EQ(merkle_branch(list_of(5), 3).size(), 3U);
}

TEST(MerkleBranch, OfTheFirstLeafFoldsFromTheLeftAsAMinerDoes) {
    for (std::size_t size = 1; size <= 40; ++size) {
        const auto ids = list_of(size);
        auto folded = digest_cast<Hash256>(ids[0]);
        for (const auto& sibling : merkle_branch(ids, 0)) folded = pair(folded, sibling);
        ASSERT_EQ(digest_cast<MerkleRoot>(folded), merkle_root(ids)) << size;
    }
}

TEST(MerkleBranch, AgreesWithARealMiner) {
    const auto transcript = testing::read_json_vectors("stratum/minerd-2.5.1-transcript.json");
    std::vector<Hash256> branch;
    for (const auto& line : transcript.at("log").as_array()) {
        const auto& message = line.at("msg").as_object();
        const auto* method = message.if_contains("method");
        if (method == nullptr || method->as_string() != "mining.notify") continue;
        for (const auto& sibling : message.at("params").at(4).as_array())
            branch.push_back(
                *Hash256::from_bytes(testing::unhex(std::string_view{sibling.as_string()})));
    }
    ASSERT_EQ(branch.size(), 2U);
    for (const auto& share : transcript.at("shares").as_array()) {
        const Bytes coinbase = testing::unhex(std::string_view{share.at("coinbase").as_string()});
        const auto id = digest_cast<Txid>(sha256d(coinbase));
        const Bytes header = testing::unhex(std::string_view{share.at("header").as_string()});
        const auto root = *MerkleRoot::from_bytes(ByteView{header}.subspan(36, 32));
        EXPECT_EQ(merkle_fold(id, 0, 3, branch), root);
        EXPECT_EQ(merkle_fold(id, 0, 4, branch), root);
        EXPECT_EQ(to_hex(root.bytes),
                  std::string_view{share.at("merkle_root_header_order").as_string()});
    }
}

}  // namespace
}  // namespace cairn
