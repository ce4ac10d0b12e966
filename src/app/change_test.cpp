#include "api/change.hpp"

#include <gtest/gtest.h>

#include "app/testing/rig.hpp"

namespace cairn {
namespace {

using testing::get;
using testing::NodeRig;

class ChangeSink final : public http::AnswerSink {
public:
    void deliver(std::uint64_t, http::Answer answer) noexcept override {
        ++answers;
        if (auto* reply = std::get_if<http::Reply>(&answer)) status = reply->status;
        if (auto* problem = std::get_if<http::Problem>(&answer)) {
            status = problem->status;
            told = std::move(*problem);
        }
    }
    std::atomic<int> answers = 0;
    std::atomic<unsigned> status = 0;
    http::Problem told;
};

/// A node's thread, and requests on it that stage one row each.
class ChangeRig {
public:
    ChangeRig() { rig.start(); }
    ~ChangeRig() { rig.node->stop(); }
    ChangeRig(const ChangeRig&) = delete;
    ChangeRig& operator=(const ChangeRig&) = delete;

    std::shared_ptr<ChangeSink> request(std::uint8_t number) {
        auto sink = std::make_shared<ChangeSink>();
        auto change = std::make_shared<Change>(http::Responder{sink, 1}, stop.get_token(),
                                               "GET /users", [this] { return stopping.load(); });
        EXPECT_TRUE(rig.node->post(
            Lane::transfers,
            change_command(
                change,
                [number](Node& node, Now now) {
                    NodeRig::row(number)(node, now);
                    return 0;
                },
                [change](std::optional<int>, const Result<ViewPtr, StoreError>& outcome) {
                    change->answer(http::Reply{.status = outcome ? 201U : 503U});
                })));
        return sink;
    }
    void settle() {
        (void)get(std::move(*rig.post(Lane::transfers, [](Node&, Now) {})));
    }

    NodeRig rig;
    std::stop_source stop;
    std::atomic<bool> stopping = false;
};

TEST(Change, IsAnsweredByWhatBecameOfIt) {
    ChangeRig rig;
    const auto sink = rig.request(1);
    rig.settle();
    EXPECT_EQ(sink->status, 201U);
    EXPECT_TRUE(rig.rig.has_row(1));
}

TEST(Change, WhatHasNotBegunWhenTheTimeIsOverIsNeverDone) {
    ChangeRig rig;
    NodeRig::Blocked blocked{rig.rig};
    const auto sink = rig.request(1);
    rig.stop.request_stop();
    EXPECT_EQ(sink->status, 503U);
    EXPECT_FALSE(sink->told.outcome);
    EXPECT_EQ(sink->told.retry_after, 1U);
    EXPECT_NE(sink->told.detail.find("nothing was changed"), std::string::npos);
    blocked.release();
    rig.settle();
    EXPECT_FALSE(rig.rig.has_row(1));
    EXPECT_EQ(sink->answers, 1);
}

TEST(Change, WhatHasBegunIsToldAsUnknownAndWhereToAsk) {
    auto sink = std::make_shared<ChangeSink>();
    std::stop_source stop;
    Change change{http::Responder{sink, 1}, stop.get_token(), "GET /users", [] { return false; }};
    ASSERT_TRUE(change.begin());
    stop.request_stop();
    EXPECT_EQ(sink->status, 503U);
    EXPECT_EQ(sink->told.outcome, "unknown");
    EXPECT_FALSE(sink->told.retry_after);
    EXPECT_NE(sink->told.detail.find("Ask GET /users"), std::string::npos);
    change.answer(http::Reply{.status = 201});  // too late
    EXPECT_EQ(sink->answers, 1);
    EXPECT_FALSE(change.begin());  // the rest of it is not done
}

TEST(Change, OfATransactionTellsItsId) {
    auto sink = std::make_shared<ChangeSink>();
    std::stop_source stop;
    Change change{http::Responder{sink, 1}, stop.get_token(), "GET /pool", [] { return false; }};
    change.is_about("ab12");
    ASSERT_TRUE(change.begin());
    stop.request_stop();
    EXPECT_EQ(sink->told.id, "ab12");
    EXPECT_NE(sink->told.detail.find("GET /transactions/ab12"), std::string::npos);
}

TEST(Change, AStepThatDidNothingMayStillBeGivenUp) {
    auto sink = std::make_shared<ChangeSink>();
    std::stop_source stop;
    Change change{http::Responder{sink, 1}, stop.get_token(), "GET /pool", [] { return false; }};
    ASSERT_TRUE(change.begin());
    change.not_yet();
    stop.request_stop();
    EXPECT_FALSE(sink->told.outcome);
    EXPECT_FALSE(change.begin());
}

TEST(Change, ANodeThatStopsEndsWhatIsUnderWay) {
    ChangeRig rig;
    NodeRig::Blocked blocked{rig.rig};
    const auto sink = rig.request(1);
    rig.stopping = true;
    rig.stop.request_stop();
    EXPECT_EQ(sink->answers, 0);
    blocked.release();
    rig.settle();
    EXPECT_EQ(sink->status, 201U);
    EXPECT_TRUE(rig.rig.has_row(1));
}

TEST(Change, AFailedWriteIsToldOnce) {
    ChangeRig rig;
    rig.rig.store.failing = true;
    const auto sink = rig.request(1);
    rig.settle();
    EXPECT_EQ(sink->status, 503U);
    EXPECT_EQ(sink->answers, 1);
}

}  // namespace
}  // namespace cairn
