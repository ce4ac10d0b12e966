#include <gtest/gtest.h>

#include <cstdio>

#include "duel/bad_blocks.hpp"
#include "duel/contender.hpp"
#include "sim/chain_peer.hpp"
#include "sim/world.hpp"

namespace cairn::sim {
namespace {

/// Small blocks, so that one can be too large; short eras, so that an earlier one is near.
model::Spec small_spec() {
    model::Spec spec;
    spec.name = "duel";
    spec.prefix = "duel";
    spec.genesis_time = 1'000'000;
    spec.bits = 0x207fffff;
    spec.subsidy = 50 * model::kCoin;
    spec.halving_interval = 8;
    spec.max_block = 20'000;
    spec.max_data = 1'000;
    spec.opening = 3 * model::kCoin;
    spec.future_limit = 7'200;
    return spec;
}

/// A hundredth of a kind's verdicts would be luck: each kind meets a node that is fresh, over the
/// network, from a peer that has done the work for it.
class InvalidBlock : public ::testing::Test {
protected:
    /// A node with a trunk of twelve blocks, which it has from an honest peer.
    struct Scene {
        // Some kinds lie ahead of the duel's clock; this world does not reach them.
        World world{7, duel::spec_of(small_spec()), 0, duel::Contender::kNow - 3'600};
        std::vector<std::unique_ptr<ChainPeer>> peers;
        duel::Random random{7};
        duel::Grower grower{random};
        model::Chain trunk{small_spec()};
        Machine* node = nullptr;

        ChainPeer& peer() {
            peers.push_back(std::make_unique<ChainPeer>(
                world.network(), *world.chain(),
                net::NodeAddress{"10.2.0." + std::to_string(peers.size() + 1), 5'000}));
            return *peers.back();
        }
        /// A block of `chain`, known to the book.
        SharedBytes extend(model::Chain& chain) {
            auto bytes = std::make_shared<const Bytes>(grower.extend(chain));
            if (const auto checked = world.checker().block(bytes)) world.know(**checked);
            return bytes;
        }
        void know(const SharedBytes& bytes) {
            if (const auto checked = world.checker().block(bytes)) world.know(**checked);
        }
        /// Its tip becomes the chain's, or a block above it.
        bool comes_to(const model::Chain& chain) {
            const auto hash = duel::hash_of(chain.tip());
            return world.run_until(
                [&] {
                    const auto found = record(hash);
                    return found && tables::best(node->node()->rows(), found->height) == hash;
                },
                64 * kSecond);
        }
        [[nodiscard]] std::optional<HeaderRecord> record(const BlockHash& hash) const {
            return tables::header(node->node()->rows(), hash);
        }
    };
    static std::unique_ptr<Scene> scene(ChainPeer** honest) {
        auto made = std::make_unique<Scene>();
        made->node = &made->world.add();
        made->node->start();
        *honest = &made->peer();
        for (int i = 0; i < 12; ++i) (*honest)->add(made->extend(made->trunk));
        (*honest)->dial(made->node->address());
        EXPECT_TRUE(made->comes_to(made->trunk));
        return made;
    }

    /// Lets an attacker show `branch` (his blocks) with the bad one on top and, where its header
    /// can have any, three right children.
    static void attack(const duel::BadKind& kind, std::vector<SharedBytes> before,
                       model::Chain branch, const duel::BadBlock& bad, Scene& scene,
                       ChainPeer& honest) {
        ChainPeer& attacker = scene.peer();
        for (const auto& block : before) attacker.add(block);
        attacker.add(std::make_shared<const Bytes>(bad.bytes));
        const auto header = hashed(*decode_header(ByteView{bad.bytes}.first(BlockHeader::kSize)));
        const bool has_children = duel::number_of(kind.rule) >= 6 || kind.rule == Rule::malformed;
        // What is too large is not read to its end, so nothing is known of its header.
        const bool condemned =
            has_children && condemns_header(kind.rule) && kind.rule != Rule::block_size;
        // Not yet is not never.
        const bool is_closed = kind.rule != Rule::time_not_in_future;
        std::vector<BlockHash> children;
        std::vector<SharedBytes> right_children;
        if (has_children) {
            branch.follow(model::decode_block(bad.right.empty() ? bad.bytes : bad.right)
                              .value_or(model::Block{to_model(header.header), {}, {}, 0})
                              .header);
            for (int i = 0; i < 3; ++i) {
                right_children.push_back(
                    std::make_shared<const Bytes>(scene.grower.extend(branch)));
                attacker.add(right_children.back());
                children.push_back(attacker.headers().back().hash);
            }
        }
        const auto tip = scene.node->node()->ledger().tip().hash;
        attacker.dial(scene.node->address());
        const auto is_out = [&] { return attacker.closed() > 0; };
        if (!scene.world.run_until(is_out, 20 * kSecond)) {
            // Where the fault came out only under a later block, who showed the branch is not
            // blamed for it before he shows it again.
            attacker.announce(1);
            EXPECT_EQ(scene.world.run_until(is_out, 20 * kSecond), is_closed);
        }
        EXPECT_FALSE(scene.world.failure()) << *scene.world.failure();
        EXPECT_EQ(scene.node->node()->ledger().tip().hash, tip);
        EXPECT_EQ(honest.closed(), 0U);
        const auto record = scene.record(header.hash);
        if (condemned) {
            EXPECT_TRUE(record && record->invalid);
            if (record) {
                EXPECT_EQ(record->reason, kind.rule) << rule_name(record->reason);
            }
            for (const auto& child : children) {
                const auto below = scene.record(child);
                EXPECT_TRUE(!below || below->invalid);
            }
        } else {
            EXPECT_FALSE(record && record->invalid) << "a body condemned its header";
        }
        // Everything goes on: with the right body of that very header, if there is one.
        if (!bad.right.empty() && before.size() == 12) {
            const auto right = std::make_shared<const Bytes>(bad.right);
            scene.know(right);
            // The node may have them already, and then goes on to them at once.
            for (const auto& child : right_children) scene.know(child);
            honest.add(right);
            scene.trunk.connect(bad.right);
        } else {
            honest.add(scene.extend(scene.trunk));
        }
        honest.announce(1);
        EXPECT_TRUE(scene.comes_to(scene.trunk)) << "the honest chain does not go on";
        EXPECT_FALSE(scene.world.failure()) << *scene.world.failure();
    }

    static model::Header to_model(const BlockHeader& header) {
        return {header.version, header.previous_hash.bytes, header.merkle_root.bytes,
                header.time,    header.bits.value,          header.nonce};
    }
};

TEST_F(InvalidBlock, OnTheTipIsRefusedAndItsSenderClosed) {
    std::size_t cases = 0;
    for (const auto& kind : duel::bad_kinds()) {
        SCOPED_TRACE(kind.name);
        ChainPeer* honest = nullptr;
        const auto set = scene(&honest);
        const auto bad = kind.make(set->trunk, set->grower);
        ASSERT_TRUE(bad) << "the chain does not lend itself to it";
        std::vector<SharedBytes> before;
        for (const auto& header : honest->headers())
            if (const auto body = honest->body(header.hash)) before.push_back(body);
        attack(kind, before, set->trunk, *bad, *set, *honest);
        ++cases;
    }
    std::printf("%zu kinds of bad blocks on the tip\n", cases);
}

/// Row 19: the attacker's branch has more work than the trunk once it is whole.
TEST_F(InvalidBlock, InAHeavierBranchLeavesTheTipOnTheBestValidOne) {
    std::size_t cases = 0;
    for (const auto& kind : duel::bad_kinds()) {
        SCOPED_TRACE(kind.name);
        ChainPeer* honest = nullptr;
        const auto set = scene(&honest);
        model::Chain branch{small_spec()};
        std::vector<SharedBytes> before;
        std::optional<duel::BadBlock> bad;
        while (before.size() < 11 || (!bad && before.size() < 20)) {
            // Its valid part alone may not get ahead of the trunk.
            if (before.size() >= 11) honest->add(set->extend(set->trunk));
            before.push_back(set->extend(branch));
            bad = kind.make(branch, set->grower);
        }
        ASSERT_TRUE(bad) << "the chain does not lend itself to it";
        honest->announce(honest->headers().size() - 1);
        ASSERT_TRUE(set->comes_to(set->trunk));
        attack(kind, before, branch, *bad, *set, *honest);
        ++cases;
    }
    std::printf("%zu kinds of bad blocks in a heavier branch\n", cases);
}

}  // namespace
}  // namespace cairn::sim
