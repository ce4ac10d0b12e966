#include "app/node_thread.hpp"

#include <gtest/gtest.h>

#include "app/testing/rig.hpp"

namespace cairn {
namespace {

using testing::get;
using testing::NodeRig;
using testing::Outcome;

class NodeThreadTest : public ::testing::Test {
protected:
    void SetUp() override { rig.start(); }
    NodeRig rig;
};

TEST_F(NodeThreadTest, CommandsThatWaitTogetherShareOneDurableWrite) {
    NodeRig::Blocked blocked{rig};
    const int before = rig.store.writes;
    std::vector<std::future<Outcome>> answers;
    for (std::uint8_t i = 0; i < 50; ++i)
        answers.push_back(std::move(*rig.post_row(Lane::transfers, i)));
    blocked.release();
    std::set<std::uint64_t> generations;
    for (auto& answer : answers) generations.insert((*get(std::move(answer)))->generation);
    EXPECT_EQ(rig.store.writes, before + 1);
    EXPECT_EQ(generations.size(), 1U);
    for (std::uint8_t i = 0; i < 50; ++i) EXPECT_TRUE(rig.has_row(i));
}

TEST_F(NodeThreadTest, ACommandThatMustBeAloneIsTheOnlyOneOfItsGroup) {
    NodeRig::Blocked blocked{rig};
    const int before = rig.store.writes;
    std::vector<std::future<Outcome>> answers;
    for (std::uint8_t i = 0; i < 6; ++i)
        answers.push_back(std::move(*rig.post_row(Lane::transfers, i, i == 3)));
    blocked.release();
    for (auto& answer : answers) EXPECT_TRUE(get(std::move(answer)));
    EXPECT_EQ(rig.store.writes, before + 3);
}

TEST_F(NodeThreadTest, BlocksGoBeforePeersAndTheseBeforeTransfers) {
    NodeRig::Blocked blocked{rig};
    std::vector<int> order;  // the node's thread alone writes it
    const auto note = [&order](int what) {
        return [&order, what](Node&, Now) { order.push_back(what); };
    };
    std::vector<std::future<Outcome>> answers;
    answers.push_back(std::move(*rig.post(Lane::transfers, note(4))));
    answers.push_back(std::move(*rig.post(Lane::transfers, note(5))));
    answers.push_back(std::move(*rig.post(Lane::peers, note(3))));
    answers.push_back(std::move(*rig.post(Lane::blocks, note(1))));
    answers.push_back(std::move(*rig.post(Lane::blocks, note(2))));
    blocked.release();
    for (auto& answer : answers) EXPECT_TRUE(get(std::move(answer)));
    EXPECT_EQ(order, (std::vector{1, 2, 3, 4, 5}));
}

TEST_F(NodeThreadTest, AFloodOfPeersLeavesTransfersTheirTurn) {
    NodeRig::Blocked blocked{rig};
    std::size_t from_peers = 0;  // the node's thread alone writes both
    std::size_t before = 0;
    std::vector<std::future<Outcome>> answers;
    for (std::size_t i = 0; i < 3 * Lanes::kPeersOfGroup; ++i)
        answers.push_back(std::move(*rig.post(Lane::peers, [&](Node&, Now) { ++from_peers; })));
    answers.push_back(
        std::move(*rig.post(Lane::transfers, [&](Node&, Now) { before = from_peers; })));
    blocked.release();
    for (auto& answer : answers) EXPECT_TRUE(get(std::move(answer)));
    EXPECT_EQ(before, Lanes::kPeersOfGroup);
}

TEST_F(NodeThreadTest, AGroupThatStagedMuchIsWrittenBeforeItGoesOn) {
    NodeRig::Blocked blocked{rig};
    const int before = rig.store.writes;
    const auto much = [](Node& node, Now) {
        const_cast<Staged&>(node.rows())
            .put(Table::meta, Bytes(8, 0xee), Bytes(Driver::kGroupBytes, 1));
    };
    std::vector<std::future<Outcome>> answers;
    answers.push_back(std::move(*rig.post(Lane::blocks, much)));
    for (std::uint8_t i = 0; i < 5; ++i)
        answers.push_back(std::move(*rig.post_row(Lane::transfers, i)));
    blocked.release();
    for (auto& answer : answers) EXPECT_TRUE(get(std::move(answer)));
    EXPECT_EQ(rig.store.writes, before + 2);
    for (std::uint8_t i = 0; i < 5; ++i) EXPECT_TRUE(rig.has_row(i));
}

TEST_F(NodeThreadTest, EachLaneIsBoundedOnItsOwn) {
    NodeRig::Blocked blocked{rig};
    const auto nothing = [](Node&, Now) {};
    for (std::size_t i = 0; i < Lanes::kBlocksMax; ++i)
        ASSERT_TRUE(rig.post(Lane::blocks, nothing)) << i;
    EXPECT_FALSE(rig.post(Lane::blocks, nothing));
    for (std::size_t i = 0; i < Lanes::kTransfersMax; ++i)
        ASSERT_TRUE(rig.post(Lane::transfers, nothing)) << i;
    EXPECT_FALSE(rig.post(Lane::transfers, nothing));
    blocked.release();
}

TEST_F(NodeThreadTest, TheViewIsPublishedBeforeTheAnswer) {
    auto seen = std::make_shared<std::promise<bool>>();
    auto answer = seen->get_future();
    ASSERT_TRUE(rig.node->post(Lane::transfers,
                               make_command(
                                   [](Node& node, Now now) {
                                       NodeRig::row(1)(node, now);
                                       return 0;
                                   },
                                   [this, seen](std::optional<int>, Outcome outcome) {
                                       seen->set_value(outcome && rig.node->view() == *outcome &&
                                                       rig.has_row(1));
                                   })));
    EXPECT_TRUE(get(std::move(answer)));
}

TEST_F(NodeThreadTest, AFailedWriteIsHeardByTheWholeGroupAndNothingOfItIsKept) {
    ASSERT_TRUE(get(std::move(*rig.post_row(Lane::transfers, 1))));
    NodeRig::Blocked blocked{rig};
    rig.store.failing = true;
    auto first = rig.post_row(Lane::transfers, 2);
    auto second = rig.post_row(Lane::blocks, 3);
    blocked.release();
    EXPECT_EQ(get(std::move(*first)).error().fault, StoreFault::no_space);
    EXPECT_EQ(get(std::move(*second)).error().fault, StoreFault::no_space);
    EXPECT_TRUE(rig.node->view()->read_only);
    EXPECT_EQ(rig.failures, 1);
    EXPECT_FALSE(get(std::move(*rig.post_row(Lane::transfers, 4))));
    EXPECT_TRUE(rig.has_row(1));
    EXPECT_FALSE(rig.has_row(2));
}

TEST_F(NodeThreadTest, RecoversByItselfOnceTheStoreDoesAndGenerationsGoOnRising) {
    for (std::uint8_t i = 1; i < 6; ++i)
        ASSERT_TRUE(get(std::move(*rig.post_row(Lane::transfers, i))));
    rig.store.failing = true;
    ASSERT_FALSE(get(std::move(*rig.post_row(Lane::transfers, 6))));
    const ViewPtr halted = rig.node->view();
    ASSERT_TRUE(halted->read_only);

    rig.steady += Driver::kRecoverMs;  // it tries, and the store still fails
    ASSERT_FALSE(get(std::move(*rig.post_row(Lane::transfers, 7))));
    EXPECT_TRUE(rig.node->view()->read_only);

    rig.store.failing = false;
    rig.steady += Driver::kRecoverMs;
    get(rig.recovered.get_future());
    EXPECT_FALSE(rig.node->view()->read_only);
    EXPECT_GT(rig.node->view()->generation, halted->generation);
    const Outcome after = get(std::move(*rig.post_row(Lane::transfers, 8)));
    ASSERT_TRUE(after);
    EXPECT_GT((*after)->generation, halted->generation);
    EXPECT_TRUE(rig.has_row(5));
    EXPECT_FALSE(rig.has_row(6));
    EXPECT_FALSE(rig.has_row(7));
    EXPECT_TRUE(rig.has_row(8));
}

TEST_F(NodeThreadTest, NoticesAStoreThatIsTakenAwayThoughNobodyWrites) {
    ASSERT_TRUE(get(std::move(*rig.post_row(Lane::transfers, 1))));
    rig.taken_away = true;
    rig.steady += Driver::kCheckMs;
    const auto nothing = [](Node&, Now) {};
    // The group in which it is noticed may still have been well.
    (void)get(std::move(*rig.post(Lane::transfers, nothing)));
    const Outcome refused = get(std::move(*rig.post(Lane::transfers, nothing)));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().detail, "gone");
    EXPECT_TRUE(rig.node->view()->read_only);
    EXPECT_EQ(rig.node->view()->read_only_why, "gone");
    EXPECT_TRUE(rig.has_row(1));  // still read
    rig.taken_away = false;
    rig.steady += Driver::kRecoverMs;
    get(rig.recovered.get_future());
    EXPECT_FALSE(rig.node->view()->read_only);
    EXPECT_EQ(rig.node->view()->read_only_why, "");
    EXPECT_TRUE(get(std::move(*rig.post_row(Lane::transfers, 2))));
}

TEST_F(NodeThreadTest, StoppingRunsWhatWaitsAndRefusesWhatComesLater) {
    NodeRig::Blocked blocked{rig};
    std::vector<std::future<Outcome>> answers;
    for (std::uint8_t i = 0; i < 20; ++i)
        answers.push_back(std::move(*rig.post_row(Lane::transfers, i, i % 5 == 0)));
    auto stopped = std::async(std::launch::async, [&] { rig.node->stop(); });
    blocked.let_go();
    get(std::move(stopped));
    for (auto& answer : answers) EXPECT_TRUE(get(std::move(answer)));
    EXPECT_FALSE(rig.post_row(Lane::transfers, 99));
    EXPECT_TRUE(rig.has_row(19));
}

}  // namespace
}  // namespace cairn
