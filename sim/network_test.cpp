#include "sim/network.hpp"

#include <gtest/gtest.h>

namespace cairn::sim {
namespace {

class Recorder final : public Host {
public:
    [[nodiscard]] net::Hello hello() const override { return {}; }
    [[nodiscard]] bool is_on() const override { return on; }
    [[nodiscard]] std::uint64_t process() const override { return running; }
    [[nodiscard]] bool listens() const override { return running != 0; }
    [[nodiscard]] bool reads(ConnectionId) const override { return reading; }
    void on_open(ConnectionId connection, const net::Hello& other) override {
        open.push_back(connection);
        hellos.push_back(other);
    }
    void on_dial_failed(const net::NodeAddress&, const std::string& why, net::DialFault) override {
        failures.push_back(why);
    }
    void on_frame(ConnectionId, const SharedBytes& frame) override {
        got.push_back(frame->front());
    }
    void on_close(ConnectionId, const std::string& why) override { closed.push_back(why); }
    void on_drained(ConnectionId) override {}

    bool on = true;
    std::uint64_t running = 1;
    bool reading = true;
    std::vector<ConnectionId> open;
    std::vector<net::Hello> hellos;
    std::vector<std::string> failures, closed;
    std::vector<int> got;
};

class NetworkTest : public ::testing::Test {
protected:
    void SetUp() override {
        a_id = network.add(a, {"10.0.0.1", 5'000});
        b_id = network.add(b, {"10.0.0.2", 5'000});
        network.set_all_links({10 * kMillisecond, 50 * kMillisecond, 1'000});
    }
    ConnectionId connect() {
        network.dial(a_id, network.address(b_id));
        scheduler.run_until(scheduler.now() + kSecond);
        return a.open.back();
    }
    static SharedBytes frame(int value, std::size_t size = 1) {
        return std::make_shared<const Bytes>(size, static_cast<std::uint8_t>(value));
    }
    void pass(Micros time) { scheduler.run_until(scheduler.now() + time); }

    Scheduler scheduler;
    Trace trace;
    Network network{scheduler, Random{1}, trace};
    Recorder a, b;
    HostId a_id = 0, b_id = 0;
};

TEST_F(NetworkTest, TellsBothEndsWhoDialled) {
    connect();
    ASSERT_EQ(b.open, a.open);
    EXPECT_TRUE(a.hellos[0].outbound);
    EXPECT_EQ(a.hellos[0].address, network.address(b_id));
    EXPECT_FALSE(b.hellos[0].outbound);
    EXPECT_EQ(b.hellos[0].address.host, "10.0.0.1");
}

TEST_F(NetworkTest, KeepsTheOrderOfAConnection) {
    const auto id = connect();
    std::vector<int> sent;
    for (int i = 0; i < 100; ++i) {
        network.send(id, a_id, frame(i));
        sent.push_back(i);
        if (i % 10 == 0) pass(kMillisecond);
    }
    pass(kSecond);
    EXPECT_EQ(b.got, sent);
}

TEST_F(NetworkTest, TakesItsTimeForBytes) {
    const auto id = connect();
    network.send(id, a_id, frame(1, 1'000'000));
    pass(999 * kMillisecond);
    EXPECT_TRUE(b.got.empty());
    EXPECT_EQ(network.queued(id, a_id), 1'000'000U);
    pass(70 * kMillisecond);
    EXPECT_EQ(b.got.size(), 1U);
    EXPECT_EQ(network.queued(id, a_id), 0U);
}

TEST_F(NetworkTest, HoldsWhatIsNotRead) {
    const auto id = connect();
    b.reading = false;
    network.send(id, a_id, frame(1));
    pass(kSecond);
    EXPECT_TRUE(b.got.empty());
    b.reading = true;
    network.resume(id, b_id);
    EXPECT_EQ(b.got.size(), 1U);
}

TEST_F(NetworkTest, DropsWhoReadsTooLittle) {
    const auto id = connect();
    b.reading = false;
    for (int i = 0; i < 8; ++i) EXPECT_TRUE(network.send(id, a_id, frame(1, 1'048'576)));
    EXPECT_FALSE(network.send(id, a_id, frame(1)));
    pass(kSecond);
    EXPECT_EQ(a.closed.size(), 1U);
    EXPECT_EQ(b.closed.size(), 1U);
    EXPECT_EQ(network.connections(), 0U);
}

TEST_F(NetworkTest, DeliversWhatWasSentBeforeTheEnd) {
    const auto id = connect();
    network.send(id, a_id, frame(7));
    network.close(id, a_id);
    EXPECT_FALSE(network.send(id, a_id, frame(8)));
    pass(kSecond);
    EXPECT_EQ(b.got, std::vector<int>{7});
    EXPECT_EQ(b.closed.size(), 1U);
    EXPECT_TRUE(a.closed.empty());  // it knows
}

TEST_F(NetworkTest, StallsOverACutAndGoesOnAfterIt) {
    const auto id = connect();
    network.cut({0, 1}, Network::Cut::stalls);
    network.send(id, a_id, frame(7));
    pass(100 * kSecond);
    EXPECT_TRUE(b.got.empty());
    EXPECT_TRUE(a.closed.empty());
    network.heal();
    pass(2 * kSecond);
    EXPECT_EQ(b.got, std::vector<int>{7});
}

TEST_F(NetworkTest, ResetsOverACut) {
    const auto id = connect();
    network.send(id, a_id, frame(7));
    network.cut({0, 1}, Network::Cut::resets);
    pass(2 * kSecond);
    EXPECT_TRUE(b.got.empty());
    EXPECT_EQ(a.closed.size(), 1U);
    EXPECT_EQ(b.closed.size(), 1U);
}

TEST_F(NetworkTest, LeavesConnectionsHalfOpenWhenThePowerGoes) {
    const auto id = connect();
    b.on = false;
    b.running = 0;
    network.vanish(b_id);
    network.send(id, a_id, frame(1));
    pass(100 * kSecond);
    EXPECT_TRUE(a.closed.empty());
    b.on = true;
    b.running = 2;
    network.send(id, a_id, frame(2));
    pass(kSecond);
    EXPECT_EQ(a.closed.size(), 1U);
    EXPECT_TRUE(b.got.empty());
}

TEST_F(NetworkTest, AnswersEveryDial) {
    network.dial(a_id, network.address(a_id));
    network.dial(a_id, {"10.9.9.9", 1});
    b.running = 0;
    network.dial(a_id, network.address(b_id));
    pass(5 * kSecond);
    EXPECT_EQ(a.failures.size(), 3U);
    network.cut({0, 1}, Network::Cut::stalls);
    network.dial(a_id, network.address(b_id));
    pass(11 * kSecond);
    EXPECT_EQ(a.failures.back(), "it did not answer within 10 s");
    EXPECT_TRUE(a.open.empty());
}

TEST_F(NetworkTest, TellsNothingToAProcessThatDidNotDial) {
    network.dial(a_id, network.address(b_id));
    a.running = 2;
    pass(5 * kSecond);
    EXPECT_TRUE(a.open.empty());
    EXPECT_TRUE(b.open.empty());
}

}  // namespace
}  // namespace cairn::sim
