#include <gtest/gtest.h>

#include "duel/bad_blocks.hpp"
#include "duel/contender.hpp"

namespace duel {
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

/// Both ledgers fed the same blocks. The second one replays each branch from genesis.
class InvalidBlocks : public ::testing::Test {
protected:
    void start() {
        node.emplace(spec, cairn::NodeOptions{});
        tree.emplace(spec);
        random.emplace(7);
        grower.emplace(*random);
        trunk.emplace(spec);
        for (int i = 0; i < 12; ++i) both_take(grower->extend(*trunk));
        ASSERT_EQ(node->tip().hash, hash_of(trunk->tip()));
    }
    void both_take(const model::Bytes& block) {
        const auto verdict = tree->add(block, Contender::kNow);
        const auto rule = node->offer(block);
        EXPECT_FALSE(verdict) << verdict->expected << " / " << verdict->found;
        EXPECT_FALSE(rule) << cairn::rule_name(*rule);
        expect_same_tip();
    }
    void expect_same_tip() const {
        ASSERT_EQ(node->tip().hash, hash_of(tree->best().tip()));
        ASSERT_EQ(node->tip().issued, tree->best().state().issued);
    }

    model::Spec spec = small_spec();
    std::optional<Contender> node;
    std::optional<model::Tree> tree;
    std::optional<Random> random;
    std::optional<Grower> grower;
    std::optional<model::Chain> trunk;
};

TEST_F(InvalidBlocks, OfMoreThanTwentyKindsArePlanted) { EXPECT_GT(bad_kinds().size(), 40U); }

TEST_F(InvalidBlocks, OnTheTipAreRefusedByBothForTheSameRule) {
    for (const auto& kind : bad_kinds()) {
        SCOPED_TRACE(kind.name);
        start();
        const auto bad = kind.make(*trunk, *grower);
        ASSERT_TRUE(bad) << "the chain does not lend itself to it";

        const auto verdict = tree->add(bad->bytes, Contender::kNow);
        const auto rule = node->offer(bad->bytes);
        ASSERT_TRUE(verdict);
        ASSERT_TRUE(rule);
        EXPECT_EQ(verdict->rule, number_of(kind.rule)) << verdict->expected << verdict->found;
        EXPECT_EQ(*rule, kind.rule) << cairn::rule_name(*rule);
        expect_same_tip();

        if (!bad->right.empty())
            both_take(bad->right);
        else
            both_take(grower->extend(*trunk));
    }
}

TEST_F(InvalidBlocks, InAHeavierBranchLeaveTheTipOnTheBestValidOne) {
    for (const auto& kind : bad_kinds()) {
        for (const std::size_t good_before : {std::size_t{2}, std::size_t{7}}) {
            SCOPED_TRACE(std::string{kind.name} + " after " + std::to_string(good_before));
            start();
            // A branch that forks off genesis: five blocks more work than the trunk once it is
            // whole, or, with the bad one late, more work in its valid part already.
            model::Chain branch{spec};
            for (std::size_t i = 0; i < 4 + good_before; ++i) both_take(grower->extend(branch));
            auto bad = kind.make(branch, *grower);
            for (int more = 0; !bad && more < 8; ++more) {
                both_take(grower->extend(branch));
                bad = kind.make(branch, *grower);
            }
            ASSERT_TRUE(bad) << "the chain does not lend itself to it";
            const auto block = model::decode_block(bad->bytes);

            auto verdict = tree->add(bad->bytes, Contender::kNow);
            auto rule = node->offer(bad->bytes);
            ASSERT_EQ(verdict.has_value(), rule.has_value());
            expect_same_tip();
            if (rule) {
                EXPECT_EQ(*rule, kind.rule) << cairn::rule_name(*rule);
            }
            if (number_of(kind.rule) < 6 || kind.rule == cairn::Rule::merkle_root) {
                ASSERT_TRUE(rule);
                if (!bad->right.empty()) both_take(bad->right);
                continue;
            }
            // Children that are right in themselves, until the branch has more work than the trunk.
            branch.follow(block->header);
            for (int i = 0; i < 12; ++i) {
                const auto child = grower->extend(branch);
                verdict = tree->add(child, Contender::kNow);
                rule = node->offer(child);
                ASSERT_EQ(verdict.has_value(), rule.has_value()) << "child " << i;
                expect_same_tip();
            }
            ASSERT_TRUE(rule);
            const auto record = node->header(block->hash);
            ASSERT_TRUE(record);
            EXPECT_TRUE(record->invalid);
            EXPECT_EQ(record->reason, kind.rule);
            both_take(grower->extend(*trunk));
        }
    }
}

TEST_F(InvalidBlocks, AreRefusedOverARestart) {
    for (const auto& kind : bad_kinds()) {
        if (number_of(kind.rule) < 6 || kind.rule == cairn::Rule::merkle_root) continue;
        SCOPED_TRACE(kind.name);
        start();
        const auto bad = kind.make(*trunk, *grower);
        ASSERT_TRUE(bad);
        ASSERT_TRUE(node->offer(bad->bytes));
        node->reopen();
        ASSERT_EQ(node->tip().hash, hash_of(trunk->tip()));
        model::Chain below = *trunk;
        below.follow(model::decode_block(bad->bytes)->header);
        EXPECT_EQ(node->offer(grower->extend(below)), cairn::Rule::parent_valid);
        ASSERT_EQ(node->tip().hash, hash_of(trunk->tip()));
    }
}

}  // namespace
}  // namespace duel
