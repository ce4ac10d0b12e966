#include "app/miner_desk.hpp"

#include <gtest/gtest.h>

#include "app/testing/rig.hpp"
#include "core/consensus/clock_check.hpp"

namespace cairn {
namespace {

using testing::easy_spec;
using testing::get;
using testing::nobody;
using testing::NodeRig;

constexpr std::uint32_t kHopeless = 0x01010000;  // a target that is not met in this world's time

ChainSpec hopeless_spec() {
    ChainSpec spec = easy_spec();
    spec.bits = CompactBits{kHopeless};
    return spec;
}

/// A desk on a node's thread, wired as a running node wires them.
class Desk {
public:
    explicit Desk(MinerSettings settings = {}, ChainSpec spec = easy_spec())
        : rig{std::move(spec)} {
        rig.start([this](const Committed& committed) { committed_one(committed); });
        desk = std::make_unique<MinerDesk>(
            rig.chain, *rig.node, std::move(settings),
            [this](bool on) {
                rig.node->set_mining(on);
                if (on && !std::exchange(begun, true)) first_order.set_value();
            },
            [this] { return rig.now(); },
            [this](const std::string& why) {
                const std::lock_guard lock{mutex};
                paused.push_back(why);
                if (paused_as_often && paused.size() >= paused_as_often->first) {
                    paused_as_often->second.set_value();
                    paused_as_often.reset();
                }
            });
        wired = desk.get();
        desk->start();
    }
    ~Desk() {
        desk->stop();
        wired = nullptr;
        rig.node->stop();
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    std::future<Mined> order(std::uint64_t count, std::stop_token stop = {}) {
        auto promise = std::make_shared<std::promise<Mined>>();
        desk->mine({nobody(1), {}, count}, std::move(stop),
                   [promise](Mined mined) { promise->set_value(std::move(mined)); });
        return promise->get_future();
    }
    [[nodiscard]] Height height_of(const BlockHash& hash) const {
        const Staged rows{rig.node->view()->store};
        const auto record = tables::header(rows, hash);
        return record && tables::best(rows, record->height) == hash ? record->height : 0;
    }
    /// Comes true once pauses and their ends were told that often.
    std::future<void> when_paused(std::size_t times) {
        const std::lock_guard lock{mutex};
        paused_as_often.emplace(times, std::promise<void>{});
        auto future = paused_as_often->second.get_future();
        if (paused.size() >= times) {
            paused_as_often->second.set_value();
            paused_as_often.reset();
        }
        return future;
    }
    std::string pause(std::size_t which) {
        const std::lock_guard lock{mutex};
        return paused.at(which);
    }
    /// Work as the node makes it, taken away from the desk: the newest, none is on its way behind
    /// it.
    TemplatePtr next_work() {
        EXPECT_TRUE(get(std::move(*rig.post_row(Lane::transfers, ++rows_posted))));
        const std::uint64_t generation = rig.node->view()->generation;
        std::future<TemplatePtr> future;
        {
            const std::lock_guard lock{mutex};
            if (latest && latest->generation >= generation) return latest;
            asked.emplace(generation, std::promise<TemplatePtr>{});
            future = asked->second.get_future();
        }
        return get(std::move(future));
    }

    /// Comes true with the first commit that `so` holds of.
    using Sight = std::function<bool(const Committed&)>;
    std::future<void> when(Sight so) {
        const std::lock_guard lock{mutex};
        awaited.emplace(std::move(so), std::promise<void>{});
        return awaited->second.get_future();
    }

    NodeRig rig;
    std::promise<void> first_order;  // is under way
    bool begun = false;              // the desk's own thread's
    std::mutex mutex;
    TemplatePtr latest;                                                        // guarded by mutex
    std::optional<std::pair<std::uint64_t, std::promise<TemplatePtr>>> asked;  // the same
    std::optional<std::pair<Sight, std::promise<void>>> awaited;               // the same
    std::vector<std::string> paused;  // the same; empty: it goes on
    std::optional<std::pair<std::size_t, std::promise<void>>> paused_as_often;  // the same
    std::atomic<bool> deaf = false;  // the desk is told of no work
    std::atomic<MinerDesk*> wired = nullptr;
    std::unique_ptr<MinerDesk> desk;
    std::uint8_t rows_posted = 0;

private:
    void committed_one(const Committed& committed) {
        const bool heard = !deaf;
        {
            const std::lock_guard lock{mutex};
            if (committed.work) latest = committed.work;
            if (committed.work && asked && committed.work->generation >= asked->first) {
                asked->second.set_value(committed.work);
                asked.reset();
            }
            if (awaited && awaited->first(committed)) {
                awaited->second.set_value();
                awaited.reset();
            }
        }
        if (auto* to = wired.load(); to != nullptr && committed.work && heard)
            to->on_work(committed.work);
    }
};

TEST(MinerDesk, AnOrderGivesItsBlocksOnTheBestChainOldestFirst) {
    Desk desk;
    const Mined mined = get(desk.order(5));
    EXPECT_EQ(mined.stopped, "");
    ASSERT_EQ(mined.blocks.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(desk.height_of(mined.blocks[i]), i + 2);
}

TEST(MinerDesk, OrdersRunOneAfterAnother) {
    Desk desk;
    std::vector<std::future<Mined>> orders;
    for (int i = 0; i < 4; ++i) orders.push_back(desk.order(3));
    Height next = 2;
    for (auto& order : orders)
        for (const auto& hash : get(std::move(order)).blocks)
            EXPECT_EQ(desk.height_of(hash), next++);
    EXPECT_EQ(next, 14U);
    EXPECT_FALSE(desk.desk->is_mining());
}

TEST(MinerDesk, ABlockHoldsWhatWasAcknowledgedBeforeItWasOrdered) {
    Desk desk;
    testing::Keys keys;
    desk.desk->mine({keys.address(1), {}, 1}, {}, [](const Mined&) {});
    (void)get(desk.order(1));
    for (std::uint64_t nonce = 0; nonce < 40; ++nonce) {
        const auto transfer = keys.transfer(*desk.rig.chain, 1, nonce, nobody(7), 1'000);
        ASSERT_TRUE(get(std::move(*desk.rig.post(Lane::transfers, [&](Node& node, Now now) {
            ASSERT_TRUE(node.submit(transfer, now));
        }))));
        const Mined mined = get(desk.order(1));
        ASSERT_EQ(mined.blocks.size(), 1U);
        const Staged rows{desk.rig.node->view()->store};
        const auto location = tables::location(rows, transfer->id());
        ASSERT_TRUE(location) << "transfer " << nonce << " was left out";
        EXPECT_EQ(location->height, desk.height_of(mined.blocks.back()));
    }
}

TEST(MinerDesk, AStopTokenEndsAnOrderUnderWayOrWaiting) {
    Desk desk{{}, hopeless_spec()};
    std::stop_source first;
    std::stop_source second;
    auto under_way = desk.order(1, first.get_token());
    auto waiting = desk.order(1, second.get_token());
    second.request_stop();
    EXPECT_EQ(get(std::move(waiting)).stopped, "The request was given up.");
    first.request_stop();
    EXPECT_EQ(get(std::move(under_way)).stopped, "The request was given up.");
    std::stop_source before;
    before.request_stop();
    EXPECT_NE(get(desk.order(1, before.get_token())).stopped, "");
}

TEST(MinerDesk, AnOrderEndsAtItsTimeLimit) {
    MinerSettings settings;
    settings.order_timeout_ms =
        600'000;  // more than `get` waits: only this test's clock can end it
    Desk desk{settings, hopeless_spec()};
    auto order = desk.order(1);
    get(desk.first_order.get_future());
    desk.rig.steady += 600'000;
    // Makes the desk look at the clock, unless it did already.
    EXPECT_TRUE(get(std::move(*desk.rig.post_row(Lane::transfers, 1))));
    const Mined mined = get(std::move(order));
    EXPECT_TRUE(mined.blocks.empty());
    EXPECT_EQ(mined.stopped, "The time limit of 600 s (--mine-timeout) passed.");
}

TEST(MinerDesk, StoppingEndsEveryOrderAndRefusesNewOnes) {
    Desk desk{{}, hopeless_spec()};
    auto first = desk.order(1);
    auto second = desk.order(1);
    desk.desk->stop();
    EXPECT_EQ(get(std::move(first)).stopped, "The node is stopping.");
    EXPECT_EQ(get(std::move(second)).stopped, "The node is stopping.");
    EXPECT_EQ(get(desk.order(1)).stopped, "The node is stopping.");
}

TEST(MinerDesk, NewWorkRestartsTheSearch) {
    Desk desk;
    desk.deaf = true;
    auto order = desk.order(1);
    auto hopeless = std::make_shared<Template>(*desk.next_work());
    hopeless->context.required_bits = CompactBits{kHopeless};
    desk.desk->on_work(hopeless);
    const auto work = desk.next_work();
    EXPECT_EQ(order.wait_for(std::chrono::seconds{0}), std::future_status::timeout);
    desk.desk->on_work(work);
    EXPECT_EQ(get(std::move(order)).blocks.size(), 1U);
}

TEST(MinerDesk, ABlockThatLostItsRaceIsNotCounted) {
    Desk desk;
    desk.deaf = true;
    auto order = desk.order(1);
    const auto work = desk.next_work();
    // Another's block comes first: the work of before builds on a tip that is gone.
    const auto theirs = [&] {
        Assembled made = assemble(*work, nobody(9), reward_extra(1, {}), desk.rig.now().wall);
        made.header = testing::mined(made.header);
        return *check_block(std::make_shared<const Bytes>(encode_block(*work, made)),
                            *desk.rig.chain, {});
    }();
    ASSERT_TRUE(get(std::move(*desk.rig.post(
        Lane::blocks, [&](Node& node, Now now) { ASSERT_TRUE(node.submit(theirs, now)); }))));
    auto landed = desk.when([previous = work->previous](const Committed& committed) {
        const Staged rows{committed.view->store};
        return tables::children(rows, previous).size() == 2;
    });
    auto late = std::make_shared<Template>(*work);
    late->generation = 1'000;
    desk.desk->on_work(late);
    get(std::move(landed));
    EXPECT_EQ(order.wait_for(std::chrono::seconds{0}), std::future_status::timeout)
        << "a block off the best chain was counted";
    auto fresh = std::make_shared<Template>(*desk.next_work());
    fresh->generation = 1'001;
    desk.desk->on_work(fresh);
    const Mined mined = get(std::move(order));
    ASSERT_EQ(mined.blocks.size(), 1U);
    EXPECT_EQ(desk.height_of(theirs->header.hash), 2U);
    EXPECT_EQ(desk.height_of(mined.blocks[0]), 3U);
}

TEST(MinerDesk, MinesInTheBackgroundWhileThereAreNoOrders) {
    MinerSettings settings;
    settings.background = BackgroundMining{nobody(5), {}, 0};
    Desk desk{settings};
    get(desk.when([](const Committed& committed) { return committed.view->tip.height >= 20; }));
    EXPECT_TRUE(desk.desk->is_mining());
    EXPECT_EQ(get(desk.order(3)).blocks.size(), 3U);
}

TEST(MinerDesk, AnOrderDoesNotWaitForThePaceOfTheBackground) {
    MinerSettings settings;
    settings.background = BackgroundMining{nobody(5), {}, 1'000'000'000'000};
    Desk desk{settings};
    EXPECT_EQ(get(desk.order(3)).blocks.size(), 3U);
    EXPECT_EQ(desk.rig.node->view()->tip.height, 4U);
}

TEST(MinerDesk, OnTransferABlockIsMinedWhenOneWaitsThatItCanHold) {
    testing::Keys keys;
    MinerSettings settings;
    settings.background = BackgroundMining{keys.address(1), {}, 0, false, true};
    Desk desk{settings};
    const auto mined_after = [&](Height height, std::initializer_list<std::uint64_t> nonces) {
        auto mined = desk.when(
            [height](const Committed& committed) { return committed.view->tip.height >= height; });
        for (const std::uint64_t nonce : nonces) {
            const auto transfer = keys.transfer(*desk.rig.chain, 1, nonce, nobody(7), 1'000);
            EXPECT_TRUE(get(std::move(*desk.rig.post(Lane::transfers, [&](Node& node, Now now) {
                EXPECT_TRUE(node.submit(transfer, now));
            }))));
        }
        get(std::move(mined));
    };
    desk.desk->mine({keys.address(1), {}, 1}, {}, [](const Mined&) {});
    EXPECT_EQ(desk.height_of(get(desk.order(1)).blocks.at(0)), 3U);
    mined_after(4, {0});
    mined_after(5, {2, 1});
    EXPECT_EQ(desk.rig.node->view()->pool.transfers, 0U);
}

/// A chain whose blocks may be two hours ahead of the clock, with as many mined a day ahead as move
/// its median time there.
class DayAhead {
public:
    explicit DayAhead(MinerSettings settings = {}) : desk{std::move(settings), spec()} {
        desk.rig.wall = kNow + kDay;
        EXPECT_EQ(get(desk.order(3)).blocks.size(), 3U);
        desk.rig.wall = kNow;
    }
    static ChainSpec spec() {
        ChainSpec spec = easy_spec();
        spec.future_limit = 7200;
        return spec;
    }
    static constexpr UnixSeconds kNow = 1'500'000'000;
    static constexpr UnixSeconds kDay = 86'400;
    Desk desk;
};

TEST(MinerDesk, AClockBehindTheChainIsSaidAtOnceAndNothingIsSearched) {
    DayAhead ahead;
    Desk& desk = ahead.desk;
    const std::uint64_t hashes = desk.desk->hashes();
    const Mined mined = get(desk.order(1));  // `get` would not wait for the time limit's clock
    EXPECT_TRUE(mined.blocks.empty());
    EXPECT_NE(mined.stopped.find("clock"), std::string::npos) << mined.stopped;
    EXPECT_NE(mined.stopped.find(utc_text(DayAhead::kNow + DayAhead::kDay - 7200)),
              std::string::npos)
        << mined.stopped;
    EXPECT_EQ(mined.retry_after_s, DayAhead::kDay - 7200);
    EXPECT_EQ(desk.desk->hashes(), hashes);

    desk.rig.wall = DayAhead::kNow + DayAhead::kDay - 7200;
    EXPECT_EQ(get(desk.order(1)).blocks.size(), 1U);
}

TEST(MinerDesk, InTheBackgroundItPausesForTheClockAndGoesOnOnceThatIsRight) {
    MinerSettings settings;
    settings.background = BackgroundMining{nobody(5), {}, 1'000'000'000'000};
    DayAhead ahead{settings};
    Desk& desk = ahead.desk;
    (void)get(desk.order(1));
    get(desk.when_paused(1));
    EXPECT_NE(desk.pause(0).find("clock"), std::string::npos);
    const std::uint64_t hashes = desk.desk->hashes();
    auto going_on = desk.when_paused(2);
    desk.rig.wall = DayAhead::kNow + DayAhead::kDay;
    get(std::move(going_on));  // it looks at the clock by itself
    EXPECT_EQ(desk.pause(1), "");
    EXPECT_EQ(desk.desk->hashes(), hashes);
}

TEST(MinerDesk, InTheBackgroundItPausesWhileTheStoreCannotBeWritten) {
    MinerSettings settings;
    settings.background = BackgroundMining{nobody(5), {}, 0};
    Desk desk{settings};
    get(desk.when([](const Committed& committed) { return committed.view->tip.height >= 5; }));
    desk.rig.store.failing = true;
    get(desk.when_paused(1));
    EXPECT_NE(desk.pause(0).find("cannot be written"), std::string::npos);
    const std::uint64_t hashes = desk.desk->hashes();
    const Mined refused = get(desk.order(1));
    EXPECT_NE(refused.stopped.find("cannot be written"), std::string::npos);
    EXPECT_EQ(desk.desk->hashes(), hashes);

    const Height before = desk.rig.node->view()->tip.height;
    auto mined = desk.when(
        [before](const Committed& committed) { return committed.view->tip.height > before; });
    desk.rig.store.failing = false;
    desk.rig.steady += Driver::kRecoverMs;
    get(std::move(mined));
    EXPECT_EQ(desk.pause(1), "");
}

TEST(MinerDesk, ABlockOfOursThatTheNodeRefusesEndsTheOrderAndIsNotTriedAtOnceAgain) {
    Desk desk;
    desk.deaf = true;
    auto order = desk.order(1);
    auto wrong = std::make_shared<Template>(*desk.next_work());
    wrong->reward += 1;
    desk.desk->on_work(wrong);
    desk.deaf = false;
    const Mined mined = get(std::move(order));
    EXPECT_TRUE(mined.blocks.empty());
    EXPECT_NE(mined.stopped.find("refused its own block"), std::string::npos) << mined.stopped;
    const std::uint64_t hashes = desk.desk->hashes();
    EXPECT_NE(get(desk.order(1)).stopped.find("refused its own block"), std::string::npos);
    EXPECT_EQ(desk.desk->hashes(), hashes);
    desk.rig.steady += 1'000;
    desk.rig.node->set_mining(true);  // the desk has no order at the moment
    desk.desk->on_work(desk.next_work());
    EXPECT_EQ(get(desk.order(1)).blocks.size(), 1U);
}

/// Keeps what is posted, as a node that waits for its disk.
class HeldGate final : public Gate {
public:
    explicit HeldGate(NodeThread& node) : node_{node} {}
    [[nodiscard]] bool post(Lane lane, std::unique_ptr<Command> command) override {
        held_.emplace_back(lane, std::move(command));
        if (held_.size() == 1) posted.set_value();
        return true;
    }
    [[nodiscard]] ViewPtr view() const override { return node_.view(); }
    void release() {
        for (auto& [lane, command] : held_) EXPECT_TRUE(node_.post(lane, std::move(command)));
    }
    std::promise<void> posted;

private:
    NodeThread& node_;
    std::vector<std::pair<Lane, std::unique_ptr<Command>>> held_;
};

TEST(MinerDesk, ABlockThatTheDiskHoldsIsToldAsUnsettledOnceTheTimeIsUp) {
    Desk other;
    other.deaf = true;
    std::stop_source leaves;
    auto wanted = other.order(1, leaves.get_token());
    const TemplatePtr work = other.next_work();
    NodeRig& rig = other.rig;

    HeldGate gate{*rig.node};
    MinerSettings settings;
    settings.order_timeout_ms = 600'000;
    MinerDesk desk{rig.chain, gate, settings, [](bool) {}, [&rig] { return rig.now(); }};
    desk.start();
    auto promise = std::make_shared<std::promise<Mined>>();
    desk.mine({nobody(1), {}, 1}, {},
              [promise](Mined told) { promise->set_value(std::move(told)); });
    desk.on_work(work);
    get(gate.posted.get_future());
    rig.steady += 600'000 + 5'000;
    desk.on_work(work);  // makes the desk look at the clock
    const Mined mined = get(promise->get_future());
    ASSERT_TRUE(mined.unsettled) << mined.stopped;
    EXPECT_TRUE(mined.blocks.empty());
    gate.release();
    (void)get(std::move(*rig.post(Lane::blocks, [](Node&, Now) {})));
    EXPECT_EQ(other.height_of(*mined.unsettled), 2U);
    leaves.request_stop();
    (void)get(std::move(wanted));
}

TEST(MinerDesk, OrdersGoOnAfterTheStoreFailedAndRecovered) {
    Desk desk;
    ASSERT_EQ(get(desk.order(5)).blocks.size(), 5U);
    desk.rig.store.failing = true;
    EXPECT_NE(get(desk.order(1)).stopped, "");
    desk.rig.store.failing = false;
    desk.rig.steady += Driver::kRecoverMs;
    get(desk.rig.recovered.get_future());
    EXPECT_EQ(get(desk.order(2)).blocks.size(), 2U);
}

}  // namespace
}  // namespace cairn
