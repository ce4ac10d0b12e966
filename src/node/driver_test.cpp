#include "node/driver.hpp"

#include <gtest/gtest.h>

#include "ledger/testing/chain_builder.hpp"
#include "ledger/testing/map_store.hpp"

namespace cairn {
namespace {

using testing::ChainBuilder;
using testing::MapStore;

/// A command that a test writes; what becomes of it is written into a list of words.
struct Told final : Command {
    std::string name;
    std::vector<std::string>* log = nullptr;
    std::function<void(Node&, Now)> what;
    bool left = false;  // nobody waits for it any more
    bool by_itself = false;

    void run(Node& node, Now now) override {
        log->push_back("run " + name);
        if (what) what(node, now);
    }
    void done(Result<ViewPtr, StoreError> outcome) noexcept override {
        log->push_back((outcome ? "done " : "failed ") + name);
    }
    [[nodiscard]] bool alone() const override { return by_itself; }
    [[nodiscard]] bool abandoned() const override { return left; }
};

class DriverTest : public ::testing::Test {
protected:
    void SetUp() override {
        DriverPorts ports;
        ports.recover = [this]() -> Result<void, StoreError> {
            ++recoveries;
            if (!mended) return fail(StoreError{StoreFault::io, "not yet"});
            return {};
        };
        ports.check = [this]() -> Result<void, StoreError> {
            if (taken_away) return fail(StoreError{StoreFault::io, "gone"});
            return {};
        };
        ports.publish = [this](ViewPtr) { log.push_back("publish"); };
        ports.committed = [this](const Committed&) { log.push_back("committed"); };
        ports.trouble = [this](const StoreError* error) {
            log.push_back(error != nullptr ? "trouble" : "recovered");
        };
        ports.cpu = [this] { return cpu; };
        auto opened = Driver::open(chain.params(), store, {}, std::move(ports), now);
        ASSERT_TRUE(opened) << opened.error().detail;
        driver = std::move(*opened);
        log.clear();
    }
    std::unique_ptr<Told> told(std::string name) {
        auto command = std::make_unique<Told>();
        command->name = std::move(name);
        command->log = &log;
        return command;
    }
    std::unique_ptr<Told> row(std::string name, std::uint8_t number) {
        auto command = told(std::move(name));
        command->what = [number](Node& node, Now at) {
            Hash256 key;
            key.bytes.fill(number);
            node.remember_idempotency(key, Txid{}, at);
        };
        return command;
    }
    void post(std::unique_ptr<Command> command, Lane lane = Lane::transfers) {
        ASSERT_TRUE(lanes.post(lane, std::move(command)));
    }
    /// One group; what was told meanwhile.
    std::vector<std::string> group() {
        log.clear();
        lanes.give_back(driver->finish(driver->work(lanes.take(now.steady), now)));
        return log;
    }
    using Words = std::vector<std::string>;

    ChainBuilder chain;
    MapStore store;
    Now now{1'000'000, 1'900'000'000};
    std::uint64_t cpu = 0;
    bool mended = true;
    bool taken_away = false;
    int recoveries = 0;
    std::vector<std::string> log;
    Lanes lanes;
    std::unique_ptr<Driver> driver;
};

TEST_F(DriverTest, AnswersAfterTheWriteAndTheView) {
    post(row("a", 1));
    post(told("b"), Lane::blocks);
    EXPECT_EQ(group(), (Words{"run b", "run a", "publish", "done b", "done a", "committed"}));
}

TEST_F(DriverTest, ALaneThatTookItsTimeLeavesTheOthersTheirTurn) {
    for (const char* name : {"p1", "p2", "p3"}) {
        auto command = told(name);
        command->what = [this](Node&, Now) { cpu += Driver::kLaneNs; };
        post(std::move(command), Lane::peers);
    }
    post(told("t"));
    EXPECT_EQ(group(),
              (Words{"run p1", "run p2", "run t", "publish", "done p1", "done p2", "done t"}));
    EXPECT_EQ(group(), (Words{"run p3", "publish", "done p3"}));
}

TEST_F(DriverTest, WhatNobodyWaitsForIsNotRun) {
    auto command = told("left");
    command->left = true;
    post(std::move(command));
    post(told("a"));
    EXPECT_EQ(group(), (Words{"run a", "failed left", "publish", "done a"}));
}

TEST_F(DriverTest, AFailedWriteIsHeardByAllAndTheNodeComesBackByItself) {
    post(told("b"), Lane::peers);
    post(row("a", 1));
    store.faults().writes = 0;
    EXPECT_EQ(group(), (Words{"run b", "run a", "publish", "trouble", "failed b", "failed a"}));
    EXPECT_TRUE(driver->view()->read_only);
    EXPECT_EQ(driver->node(), nullptr);
    EXPECT_TRUE(lanes.empty());

    post(told("b"));
    EXPECT_EQ(group(), (Words{"failed b"}));
    driver->tend(now);
    EXPECT_EQ(recoveries, 0);  // not yet
    now.steady += Driver::kRecoverMs;
    mended = false;
    driver->tend(now);
    EXPECT_EQ(recoveries, 1);
    EXPECT_EQ(driver->node(), nullptr);

    mended = true;
    store.faults().writes.reset();
    const auto halted = driver->view()->generation;
    now.steady += Driver::kRecoverMs;
    log.clear();
    driver->tend(now);
    EXPECT_EQ(log, (Words{"publish", "recovered", "committed"}));
    EXPECT_FALSE(driver->view()->read_only);
    EXPECT_GT(driver->view()->generation, halted);
}

TEST_F(DriverTest, NoticesAStoreThatIsTakenAwayThoughNobodyWrites) {
    driver->tend(now);
    taken_away = true;
    log.clear();
    driver->tend(now);
    EXPECT_TRUE(log.empty());  // it was looked at this second
    now.steady += Driver::kCheckMs;
    driver->tend(now);
    EXPECT_EQ(log, (Words{"publish", "trouble"}));
    EXPECT_TRUE(driver->view()->read_only);
    post(told("a"));
    EXPECT_EQ(group(), (Words{"failed a"}));
    taken_away = false;
    now.steady += Driver::kRecoverMs;
    driver->tend(now);
    EXPECT_FALSE(driver->view()->read_only);
}

TEST_F(DriverTest, MeasuresEachStepAndThoseThatMayTakeLongerApart) {
    const auto takes = [this](std::uint64_t ns) { return [this, ns](Node&, Now) { cpu += ns; }; };
    auto command = told("a");
    command->what = takes(5'000'000);
    post(std::move(command));
    group();
    EXPECT_EQ(driver->times().steps.longest_ns(), 5'000'000U);

    auto alone = told("restart");
    alone->by_itself = true;
    alone->what = takes(70'000'000);
    post(std::move(alone));
    group();
    EXPECT_EQ(driver->times().steps.longest_ns(), 5'000'000U);
    EXPECT_EQ(driver->times().exempt.longest_ns(), 70'000'000U);

    const auto submits = [this](std::vector<BlockPtr> blocks, std::uint64_t ns) {
        auto made = told("blocks");
        made->what = [this, blocks = std::move(blocks), ns](Node& node, Now at) {
            for (const auto& block : blocks) ASSERT_TRUE(node.submit(block, at));
            cpu += ns;
        };
        return made;
    };
    const auto blocks = chain.grow(chain.genesis(), 4);
    post(submits({blocks[0]}, kSliceNs + Driver::kTransactionNs), Lane::blocks);
    group();
    EXPECT_EQ(driver->times().steps.longest_ns(), 5'000'000U);
    EXPECT_EQ(driver->times().exempt.count(), 3U);  // with that of opening it

    post(submits({blocks[1]}, kSliceNs + Driver::kTransactionNs + 1), Lane::blocks);
    group();
    EXPECT_EQ(driver->times().steps.longest_ns(), kSliceNs + Driver::kTransactionNs + 1);
    EXPECT_EQ(driver->times().exempt.count(), 3U);
    // Of several blocks each alone counts.
    post(submits({blocks[2], blocks[3]}, kSliceNs + 2 * Driver::kTransactionNs), Lane::blocks);
    group();
    EXPECT_EQ(driver->times().steps.longest_ns(), kSliceNs + 2 * Driver::kTransactionNs);
}

TEST(Lanes, KnowSinceWhenPeersAreHeard) {
    std::vector<std::string> log;
    const auto command = [&] {
        auto made = std::make_unique<Told>();
        made->log = &log;
        return made;
    };
    Lanes lanes;
    EXPECT_EQ(lanes.take(100).heard_until, 100U);
    for (std::size_t i = 0; i < Lanes::kPeersOfGroup + 1; ++i)
        ASSERT_TRUE(lanes.post(Lane::peers, command()));
    Group first = lanes.take(200);
    EXPECT_EQ(first.heard_until, 100U);  // what waits came after that
    ASSERT_TRUE(lanes.post(Lane::peers, command()));
    Group second = lanes.take(300);  // one of them waits still
    EXPECT_EQ(second.heard_until, 100U);
    EXPECT_EQ(lanes.take(400).heard_until, 400U);
    lanes.give_back(std::move(second.commands));
    EXPECT_EQ(lanes.take(500).heard_until, 400U);
    EXPECT_EQ(lanes.take(600).heard_until, 600U);
}

}  // namespace
}  // namespace cairn
