#include "app/nodes_desk.hpp"

#include <gtest/gtest.h>

#include "app/testing/rig.hpp"

namespace cairn {
namespace {

using testing::get;
using testing::NodeRig;

/// A desk on a node's thread. Nodes that are registered are not dialled here: nobody carries
/// actions out.
class Rig {
public:
    Rig() {
        rig.start();
        desk = std::make_unique<GateNodesDesk>(*rig.node, rounds, [](net::PeerId peer) {
            return std::optional{net::PeerTraffic{peer, peer + 1}};
        });
    }
    ~Rig() {
        desk->stop();
        rounds.stop();
        rig.node->stop();
    }
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    using Resolved = Result<ResolveOutcome, NodesFailure>;
    std::future<Resolved> resolve(std::stop_token stop = {}) {
        auto promise = std::make_shared<std::promise<Resolved>>();
        desk->resolve(
            30, std::move(stop), [this] { return may.load(); },
            [promise](Resolved told) { promise->set_value(std::move(told)); });
        return promise->get_future();
    }
    using Registered = Result<RegisterOutcome, NodesFailure>;
    std::future<Registered> register_one(const std::string& text, std::stop_token stop = {}) {
        auto promise = std::make_shared<std::promise<Registered>>();
        desk->register_nodes(
            {text}, std::move(stop), [this] { return may.load(); },
            [promise](Registered told) { promise->set_value(std::move(told)); });
        return promise->get_future();
    }
    /// Until the node's thread has run all that was posted before.
    void settle() {
        (void)get(std::move(*rig.post(Lane::blocks, [](Node&, Now) {})));
    }

    std::atomic<bool> may = true;
    NodeRig rig;
    InventoryRounds rounds{[this] { return rig.now(); }};
    std::unique_ptr<GateNodesDesk> desk;
};

TEST(NodesDesk, AnswersTheOneWhoAskedWithWhatTheNodeSays) {
    Rig rig;
    auto first = rig.resolve();
    auto second = rig.register_one("127.0.0.1:5991");
    rig.settle();
    net::Registered registered{
        .ticket = 2, .outcome = {.total_nodes = {"127.0.0.1:5991"}, .nodes = {}, .usable = true}};
    rig.desk->on_registered(registered);
    EXPECT_EQ(get(std::move(second))->total_nodes, std::vector<std::string>{"127.0.0.1:5991"});
    rig.desk->on_resolved({.ticket = 1, .outcome = {.replaced = true, .nodes = {}, .dropped = {}}});
    EXPECT_TRUE(get(std::move(first))->replaced);
    // Told twice, or of what nobody asked: nobody hears it.
    rig.desk->on_resolved({.ticket = 1, .outcome = {}});
    rig.desk->on_registered({.ticket = 99, .outcome = {}});
}

TEST(NodesDesk, EndsAQuestionWhoseCallerHasLeft) {
    Rig rig;
    std::stop_source leaves;
    auto told = rig.resolve(leaves.get_token());
    leaves.request_stop();
    EXPECT_FALSE(get(std::move(told)));
    rig.settle();
    rig.desk->on_resolved({.ticket = 1, .outcome = {}});

    std::stop_source left;
    left.request_stop();
    EXPECT_FALSE(get(rig.register_one("127.0.0.1:5991", left.get_token())));
}

TEST(NodesDesk, WhatWasGivenUpBeforeItBeganIsNotDone) {
    Rig rig;
    rig.may = false;
    const auto told = get(rig.register_one("127.0.0.1:5991"));
    ASSERT_FALSE(told);
    EXPECT_TRUE(told.error().out_of_time);
    std::promise<std::size_t> registered;
    ASSERT_TRUE(rig.rig.post(
        Lane::blocks, [&](Node& node, Now) { registered.set_value(node.registered().size()); }));
    EXPECT_EQ(get(registered.get_future()), 0U);
}

TEST(NodesDesk, FailsWhatWaitsWhenTheStoreFails) {
    Rig rig;
    auto told = rig.resolve();
    rig.settle();
    rig.desk->on_trouble();
    const auto failure = get(std::move(told));
    ASSERT_FALSE(failure);
    EXPECT_NE(failure.error().why.find("store failed"), std::string::npos);
    // It goes on afterwards.
    auto next = rig.resolve();
    rig.settle();
    rig.desk->on_resolved({.ticket = 2, .outcome = {}});
    EXPECT_TRUE(get(std::move(next)));
}

TEST(NodesDesk, FailsWhatWaitsAndAllThatComesWhenItStops) {
    Rig rig;
    auto told = rig.resolve();
    rig.desk->stop();
    EXPECT_FALSE(get(std::move(told)));
    EXPECT_FALSE(get(rig.resolve()));
    EXPECT_FALSE(get(rig.register_one("127.0.0.1:5991")));
}

TEST(NodesDesk, HoldsAsManyQuestionsAsItSaysAndNotOneMore) {
    Rig rig;
    std::vector<std::future<Rig::Resolved>> waiting;
    for (std::size_t i = 0; i < GateNodesDesk::kWaitingMax; ++i) {
        waiting.push_back(rig.resolve());
        if (i % 16 == 0) rig.settle();  // the lane of blocks is smaller
    }
    rig.settle();
    EXPECT_FALSE(get(rig.resolve()));
    rig.desk->on_resolved({.ticket = 1, .outcome = {}});
    auto next = rig.resolve();
    EXPECT_EQ(next.wait_for(std::chrono::milliseconds{0}), std::future_status::timeout);
}

TEST(NodesDesk, RemovingAStrangerTellsWhatThereIs) {
    Rig rig;
    for (const auto* address : {"127.0.0.1:5991", "no address", ""}) {
        std::promise<Result<RemoveOutcome, NodesFailure>> promise;
        rig.desk->remove(
            address, [] { return true; },
            [&](Result<RemoveOutcome, NodesFailure> told) { promise.set_value(std::move(told)); });
        const auto told = get(promise.get_future());
        ASSERT_TRUE(told);
        EXPECT_FALSE(told->removed);
        EXPECT_TRUE(told->total_nodes.empty());
    }
}

TEST(NodesDesk, InventoriesOfNobodyAreAnEmptyList) {
    Rig rig;
    std::promise<Result<Inventories, NodesFailure>> promise;
    rig.desk->inventories(
        [&](Result<Inventories, NodesFailure> told) { promise.set_value(std::move(told)); });
    const auto told = get(promise.get_future());
    ASSERT_TRUE(told);
    EXPECT_TRUE((*told)->empty());
}

}  // namespace
}  // namespace cairn
