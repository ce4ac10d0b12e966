#include "net/peers/dialler.hpp"

#include <gtest/gtest.h>

#include "net/budget.hpp"
#include "net/limits.hpp"
#include "net/peers/reach.hpp"

namespace cairn::net {
namespace {

const NodeAddress kThere{"127.0.0.1", 5001};

/// The wait that a failure now leads to.
Tick wait_after_failure(Dialler& dialler, Tick now, Tick longest = limits::kDialMax) {
    dialler.begin(kThere, now);
    dialler.failed(kThere, "nobody", longest, now);
    Tick wait = 0;
    while (!dialler.due(kThere, now + wait)) ++wait;
    return wait;
}

TEST(Dialler, WaitsTwiceAsLongAfterEachFailure) {
    Dialler dialler{Random{7}};
    EXPECT_TRUE(dialler.due(kThere, 0));
    for (Tick most = limits::kDialMin;; most = std::min(most * 2, limits::kDialMax)) {
        const Tick wait = wait_after_failure(dialler, 1'000'000);
        EXPECT_GE(wait, most / 2);
        EXPECT_LE(wait, most);
        if (most == limits::kDialMax) break;
    }
    EXPECT_LE(wait_after_failure(dialler, 1'000'000), limits::kDialMax);
    EXPECT_EQ(dialler.last_error(kThere), "nobody");
}

TEST(Dialler, WaitsNoLongerThanItIsTold) {
    Dialler dialler{Random{7}};
    for (int i = 0; i < 20; ++i)
        EXPECT_LE(wait_after_failure(dialler, 1'000'000, limits::kDialMaxKept),
                  limits::kDialMaxKept);
    // Also of one that waited longer before it was named by the operator.
    for (int i = 0; i < 20; ++i) (void)wait_after_failure(dialler, 1'000'000);
    EXPECT_LE(wait_after_failure(dialler, 1'000'000, limits::kDialMaxKept), limits::kDialMaxKept);
}

TEST(Dialler, DiffersFromNodeToNode) {
    std::set<Tick> waits;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Dialler dialler{Random{seed}};
        waits.insert(wait_after_failure(dialler, 0));
    }
    EXPECT_GT(waits.size(), 10u);
}

TEST(Dialler, DialsNobodyTwiceAtOnce) {
    Dialler dialler{Random{7}};
    dialler.begin(kThere, 5);
    EXPECT_TRUE(dialler.dialling(kThere));
    EXPECT_FALSE(dialler.due(kThere, 1'000'000'000));
    EXPECT_TRUE(dialler.overdue(60'004).empty());
    EXPECT_EQ(dialler.overdue(60'005), std::vector{kThere});
    dialler.succeeded(kThere);
    EXPECT_FALSE(dialler.dialling(kThere));
    EXPECT_TRUE(dialler.overdue(1'000'000'000).empty());
}

TEST(Dialler, BeginsAnewAfterAConnectionThatLasted) {
    Dialler dialler{Random{7}};
    for (int i = 0; i < 6; ++i) (void)wait_after_failure(dialler, 0);
    dialler.begin(kThere, 0);
    dialler.succeeded(kThere);
    EXPECT_EQ(dialler.failures(kThere), 0u);
    dialler.closed(kThere, "gone", 59'999, limits::kDialMax, 0);
    EXPECT_FALSE(dialler.due(kThere, 30'000));
    dialler.closed(kThere, "gone", 60'000, limits::kDialMax, 0);
    EXPECT_TRUE(dialler.due(kThere, limits::kDialMin));
}

TEST(TokenBucket, GivesABurstAndThenItsRate) {
    TokenBucket bucket{limits::kAddrRate, limits::kAddrBurst, 0};
    EXPECT_FALSE(bucket.take(limits::kAddrBurst + 1, 0));
    EXPECT_TRUE(bucket.take(limits::kAddrBurst, 0));
    EXPECT_FALSE(bucket.take(1, 9'999));
    EXPECT_TRUE(bucket.take(1, 10'000));  // 0.1 a second
    EXPECT_FALSE(bucket.take(1, 10'000));
    EXPECT_FALSE(bucket.take(1, 5'000));  // a clock that steps back gives nothing
    EXPECT_TRUE(bucket.take(limits::kAddrBurst, ~Tick{0}));
    EXPECT_FALSE(bucket.take(1, ~Tick{0}));
}

Hello hello(bool outbound, const char* host, std::uint16_t port, std::uint16_t listens_on) {
    Hello made;
    made.outbound = outbound;
    made.address = {host, port};
    made.listens_on = listens_on;
    return made;
}

TEST(Reach, KnowsWhereAPeerListens) {
    EXPECT_EQ(listening_address(hello(true, "10.0.0.1", 5001, 0)), (NodeAddress{"10.0.0.1", 5001}));
    EXPECT_EQ(listening_address(hello(false, "10.0.0.1", 40000, 5001)),
              (NodeAddress{"10.0.0.1", 5001}));
    EXPECT_FALSE(listening_address(hello(false, "10.0.0.1", 40000, 0)));
    EXPECT_FALSE(listening_address(hello(false, "10.0.0.1", 40000, 22)));
    EXPECT_FALSE(listening_address(hello(true, "node.example", 5001, 0)));
    Hello named = hello(true, "node.example", 5001, 0);
    named.ip = parse_ip("10.0.0.7");
    EXPECT_EQ(listening_address(named), (NodeAddress{"10.0.0.7", 5001}));
    EXPECT_EQ(class_of_peer(named), AddressClass::private_range);
    EXPECT_EQ(class_of_peer(hello(true, "node.example", 5001, 0)), AddressClass::public_range);
}

TEST(Reach, KeepsLocalAddressesAmongThoseWhoShareThem) {
    using enum AddressClass;
    const std::tuple<const char*, bool, bool, bool> cases[] = {
        // address, and whether it passes to or from a peer on loopback, in a private range, public
        {"127.0.0.1", true, false, false},    {"::1", true, false, false},
        {"10.0.0.1", true, true, false},      {"fd00::1", true, true, false},
        {"203.0.113.1", true, true, true},    {"2a00::1", true, true, true},
        {"169.254.1.1", false, false, false}, {"node.example", false, false, false},
    };
    for (const auto& [host, of_loopback, of_private, of_public] : cases) {
        EXPECT_EQ(may_pass({host, 5000}, loopback), of_loopback) << host;
        EXPECT_EQ(may_pass({host, 5000}, private_range), of_private) << host;
        EXPECT_EQ(may_pass({host, 5000}, public_range), of_public) << host;
    }
    EXPECT_FALSE(may_pass({"203.0.113.1", 22}, loopback));
    EXPECT_FALSE(may_pass({"203.0.113.1", 0}, loopback));
}

TEST(Reach, GroupsPublicAddressesOnly) {
    EXPECT_EQ(network_group({"203.0.113.1", 1}), network_group({"203.0.1.2", 2}));
    EXPECT_NE(network_group({"203.0.113.1", 1}), network_group({"203.1.113.1", 1}));
    EXPECT_EQ(network_group({"2a00:1:2::1", 1}), network_group({"2a00:1:3::1", 1}));
    EXPECT_NE(network_group({"2a00:1:2::1", 1}), network_group({"2a00:2:2::1", 1}));
    for (const auto* host : {"127.0.0.1", "10.0.0.1", "::1", "fd00::1", "node.example"})
        EXPECT_FALSE(network_group({host, 1})) << host;
}

}  // namespace
}  // namespace cairn::net
