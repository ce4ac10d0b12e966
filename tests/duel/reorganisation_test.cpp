#include <gtest/gtest.h>

#include <random>

#include "duel/bad_blocks.hpp"
#include "duel/contender.hpp"
#include "miner/template.hpp"

namespace duel {
namespace {

constexpr std::size_t kDeepest = 100;
constexpr std::size_t kReorgsAChain = 100;  // bounds what each replay from genesis costs

/// Rules of a chain on which openings, eras, fees and now and then the cap all take part.
model::Spec random_spec(Random& random) {
    model::Spec spec;
    spec.name = "duel-" + std::to_string(random.below(1'000'000));
    spec.prefix = "duel";
    spec.genesis_time = 1'000'000;
    spec.bits = 0x207fffff;
    if (random.once_in(3)) {
        spec.asert = true;
        spec.spacing = 15;
        spec.half_life = 3'600;
    }
    spec.subsidy = random.between(1, 50 * model::kCoin);
    spec.halving_interval = random.between(3, 60);
    spec.max_block = 1 << 20;
    spec.max_data = 1'000;
    spec.opening = random.once_in(4) ? 0 : random.between(1, 5 * model::kCoin);
    spec.future_limit = random.once_in(2) ? 0 : 7'200;
    const auto allocations = random.below(4);
    for (std::uint64_t i = 0; i < allocations; ++i)
        spec.allocations.push_back(
            {model::Key{static_cast<std::uint8_t>(i + 1)}.address, random.below(9 * model::kCoin)});
    if (random.once_in(4)) {
        model::Bytes32 hoard{};
        hoard.fill(0xcc);
        std::uint64_t issued = spec.opening;
        for (const auto& allocation : spec.allocations) issued += spec.opening + allocation.amount;
        const std::uint64_t left = random.between(0, 30 * spec.subsidy + 10 * spec.opening);
        spec.allocations.push_back({hoard, model::kCap - std::min(model::kCap, issued + left)});
    }
    return spec;
}

cairn::NodeOptions random_options(Random& random) {
    cairn::NodeOptions options;
    if (random.once_in(3)) options.ledger.slice_rows = random.between(1, 200);
    if (random.once_in(3)) options.ledger.overlay_bytes = random.between(1'000, 200'000);
    return options;
}

struct Figures {
    std::uint64_t reorganisations = 0;
    std::uint64_t chains = 0;
    std::uint64_t blocks = 0;
    std::uint64_t disconnected = 0;
    std::uint64_t transfers = 0;
    std::uint64_t invalid = 0;
    std::uint64_t slices = 0;
    std::uint64_t restarts = 0;
    std::uint64_t templates = 0;
    std::size_t deepest = 0;
    std::uint64_t highest = 0;
};

/// One chain and its rivals.
class Course {
public:
    Course(Random& random, Figures& figures)
        : random_{random},
          figures_{figures},
          spec_{random_spec(random)},
          grower_{random},
          node_{spec_, random_options(random)},
          best_{spec_},
          blocks_{model::genesis_block(spec_)} {
        ++figures_.chains;
    }

    void run(std::uint64_t reorganisations) {
        grow(random_.between(1, kDeepest + 20));
        for (std::uint64_t i = 0; i < reorganisations; ++i) {
            SCOPED_TRACE("reorganisation " + std::to_string(i) + " of chain " +
                         std::to_string(figures_.chains));
            if (random_.once_in(3)) grow(random_.between(1, 3));
            reorganise();
            if (::testing::Test::HasFatalFailure()) return;
            if (random_.once_in(10)) restart();
            if (random_.once_in(10)) mine_what_the_node_proposes();
            if (::testing::Test::HasFailure()) return;
        }
        figures_.transfers += grower_.transfers();
        figures_.slices += node_.slices();
    }

private:
    void take(const model::Bytes& block) {
        const auto rule = node_.offer(block);
        ASSERT_FALSE(rule) << "a valid block is refused for " << cairn::rule_name(*rule);
        ++figures_.blocks;
    }
    void grow(std::uint64_t count) {
        for (; count > 0; --count) {
            blocks_.push_back(grower_.extend(best_));
            ASSERT_NO_FATAL_FAILURE(take(blocks_.back()));
        }
        ASSERT_EQ(node_.tip().hash, hash_of(best_.tip()));
    }
    model::Chain replay(std::size_t count) const {
        model::Chain chain{spec_};
        for (std::size_t i = 1; i < count; ++i)
            if (chain.connect(blocks_[i])) throw std::logic_error{"a block of ours is refused"};
        return chain;
    }

    /// A rival branch, block by block, until it has more work. The tip moves then and not before.
    void reorganise() {
        const std::size_t depth = random_.between(1, std::min(kDeepest, blocks_.size() - 1));
        const std::size_t kept = blocks_.size() - depth;
        model::Chain rival = replay(kept);
        std::vector<model::Bytes> branch;
        grower_.set_pace(random_.once_in(2) ? 30 : random_.below(200));
        const bool in_groups = random_.once_in(3);
        std::optional<std::size_t> trap;
        if (random_.once_in(3)) trap = random_.below(depth + 1);
        while (rival.work() <= best_.work()) {
            if (trap == branch.size()) {
                ASSERT_NO_FATAL_FAILURE(plant(rival));
            }
            branch.push_back(grower_.extend(rival));
            if (in_groups) {
                ASSERT_FALSE(node_.offer_in_group(branch.back()));
                ++figures_.blocks;
                if (random_.once_in(5)) node_.commit();
            } else {
                ASSERT_NO_FATAL_FAILURE(take(branch.back()));
            }
            if (rival.work() <= best_.work()) {
                ASSERT_EQ(node_.tip().hash, hash_of(best_.tip())) << "a branch of no more work won";
            }
        }
        node_.commit();
        blocks_.resize(kept);
        blocks_.insert(blocks_.end(), branch.begin(), branch.end());
        best_ = std::move(rival);
        ++figures_.reorganisations;
        figures_.disconnected += depth;
        figures_.deepest = std::max(figures_.deepest, depth);
        figures_.highest = std::max(figures_.highest, best_.height());
        ASSERT_EQ(difference(node_.rows(), spec_, blocks_), "")
            << "after a reorganisation of depth " << depth;
    }

    /// A branch off `rival` with a bad block in it, and with so many children that it would win.
    void plant(const model::Chain& rival) {
        const auto kinds = bad_kinds();
        const BadKind& kind = kinds[random_.below(kinds.size())];
        SCOPED_TRACE(kind.name);
        const auto bad = kind.make(rival, grower_);
        if (!bad) return;
        ++figures_.invalid;
        model::Chain judge = rival;
        const auto verdict = judge.connect(bad->bytes, Contender::kNow);
        ASSERT_TRUE(verdict) << "the model takes it";
        EXPECT_EQ(verdict->rule, number_of(kind.rule));
        const auto rule = node_.offer(bad->bytes);
        if (!kind.found_in_connecting()) {
            ASSERT_TRUE(rule) << "the node takes it";
        }
        if (rule) {
            EXPECT_EQ(*rule, kind.rule) << cairn::rule_name(*rule);
        }
        ASSERT_EQ(node_.tip().hash, hash_of(best_.tip()));
        if (!kind.found_in_connecting()) return;

        const auto block = *model::decode_block(bad->bytes);
        judge.follow(block.header);
        while (judge.work() <= best_.work()) {
            (void)node_.offer(grower_.extend(judge));
            ASSERT_EQ(node_.tip().hash, hash_of(best_.tip()));
        }
        const auto record = node_.header(block.hash);
        ASSERT_TRUE(record && record->invalid) << "it was never found out";
        EXPECT_EQ(record->reason, kind.rule);
    }

    void restart() {
        node_.reopen();
        ++figures_.restarts;
        ASSERT_EQ(node_.tip().hash, hash_of(best_.tip()));
    }

    /// The pool holds what came back from abandoned branches: a block of it is valid for both.
    void mine_what_the_node_proposes() {
        node_.node().set_mining(true);
        node_.commit();
        ASSERT_TRUE(node_.work());
        cairn::Address to{grower_.somebody()};
        auto made =
            cairn::assemble(*node_.work(), to, cairn::reward_extra(random_.below(1 << 30), {}),
                            best_.median_time());
        while (!cairn::check_work(cairn::hashed(made.header))) ++made.header.nonce;
        node_.node().set_mining(false);
        const auto block = cairn::encode_block(*node_.work(), made);
        const auto verdict = best_.connect(block);
        ASSERT_FALSE(verdict) << "the model refuses what the node proposed by rule "
                              << verdict->rule;
        blocks_.push_back(block);
        figures_.templates += 1;
        ASSERT_NO_FATAL_FAILURE(take(block));
        ASSERT_EQ(node_.tip().hash, hash_of(best_.tip()));
    }

    Random& random_;
    Figures& figures_;
    model::Spec spec_;
    Grower grower_;
    Contender node_;
    model::Chain best_;
    std::vector<model::Bytes> blocks_;  // of the best chain, genesis first
};

TEST(Reorganisation, LeavesWhatAReplayOfTheBestChainFromGenesisLeaves) {
    const auto seed = from_environment("CAIRN_SEED", std::random_device{}());
    const auto wanted = from_environment("CAIRN_REORGS", 1'000);
    SCOPED_TRACE("CAIRN_SEED=" + std::to_string(seed));
    std::printf("CAIRN_SEED=%llu CAIRN_REORGS=%llu\n", static_cast<unsigned long long>(seed),
                static_cast<unsigned long long>(wanted));

    Random random{seed};
    Figures figures;
    while (figures.reorganisations < wanted && !HasFailure()) {
        Course course{random, figures};
        course.run(std::min<std::uint64_t>(kReorgsAChain, wanted - figures.reorganisations));
    }
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf(
        "%llu reorganisations on %llu chains: %llu blocks, %llu disconnected, deepest %llu, "
        "highest "
        "%llu;\n%llu transfers, %llu invalid blocks, %llu slices, %llu restarts, %llu templates\n",
        number(figures.reorganisations), number(figures.chains), number(figures.blocks),
        number(figures.disconnected), number(figures.deepest), number(figures.highest),
        number(figures.transfers), number(figures.invalid), number(figures.slices),
        number(figures.restarts), number(figures.templates));
}

}  // namespace
}  // namespace duel
