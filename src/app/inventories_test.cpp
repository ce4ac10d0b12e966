#include "app/inventories.hpp"

#include <gtest/gtest.h>

#include "app/clock.hpp"
#include "app/testing/plain_server.hpp"
#include "app/testing/rig.hpp"

namespace cairn {
namespace {

using net::NodeAddress;
using testing::get;
using testing::PlainServer;
using Told = Result<Inventories, NodesFailure>;

std::string ok(const std::string& body) { return "HTTP/1.1 200 OK\r\n\r\n" + body; }

std::future<Told> ask(InventoryRounds& rounds, std::vector<NodeAddress> nodes) {
    auto promise = std::make_shared<std::promise<Told>>();
    rounds.ask(std::move(nodes), [promise](Told told) { promise->set_value(std::move(told)); });
    return promise->get_future();
}

/// What one node is shown with: its elements, or the sentence.
std::string shown(const Inventory& node) {
    if (const auto* values = std::get_if<Inventory::Values>(&node.outcome))
        return values->elements + (values->truncated ? " and more" : "");
    return std::get<std::string>(node.outcome);
}
std::string one(const NodeAddress& node, InventoryLimits limits = {}) {
    InventoryRounds rounds{read_clocks, limits};
    const auto told = get(ask(rounds, {node}));
    return told ? shown((*told)->front()) : told.error().why;
}
std::string answered(const std::string& answer, InventoryLimits limits = {}) {
    const PlainServer server{answer};
    return one({"127.0.0.1", server.port}, limits);
}
bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Inventories, AreTheValuesOfEachNode) {
    EXPECT_EQ(answered(ok(R"({"values":[{"type":"block","value":"00"},1]})")),
              R"({"type":"block","value":"00"},1)");
    EXPECT_EQ(answered(ok(R"({"values":[]})")), "");
    const PlainServer a{ok(R"({"values":[1]})")};
    const PlainServer b{ok("nonsense")};
    InventoryRounds rounds{read_clocks};
    const auto told = get(ask(rounds, {{"127.0.0.1", a.port}, {"127.0.0.1", b.port}}));
    ASSERT_TRUE(told);
    ASSERT_EQ((*told)->size(), 2U);
    EXPECT_EQ((*told)->at(0).node, "127.0.0.1:" + std::to_string(a.port));
    EXPECT_EQ(shown((*told)->at(0)), "1");
    EXPECT_TRUE(has(shown((*told)->at(1)), "no inventory"));
}

TEST(Inventories, TellWhyANodeHasNone) {
    EXPECT_TRUE(has(answered("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "status 404"));
    EXPECT_TRUE(
        has(answered(
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
            "redirect"));
    EXPECT_TRUE(has(answered(ok("[1]")), "no object"));
    EXPECT_TRUE(
        has(answered("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"values\":[1"), "closed"));
    EXPECT_TRUE(has(answered("SSH-2.0-OpenSSH_9.2\r\n"), "HTTP"));
    EXPECT_TRUE(has(answered("", {.answer_ms = 200}), "within 200 ms"));
    std::uint16_t closed = 0;
    {
        const PlainServer server{"x"};
        closed = server.port;
    }
    EXPECT_TRUE(has(one({"127.0.0.1", closed}), "nobody listens"));
    EXPECT_TRUE(has(one({"nobody.invalid", 5000}), "name"));
}

TEST(Inventories, NeverComeFromAddressesThatAreForbidden) {
    for (const auto* host : {"169.254.169.254", "224.0.0.1", "255.255.255.255", "fe80::1",
                             "ff02::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"})
        EXPECT_TRUE(has(one({host, 5000}, {.answer_ms = 500}), "where no node may be")) << host;
    // What a name leads to counts, not the name.
    EXPECT_TRUE(has(one({"0xa9fea9fe", 5000}, {.answer_ms = 500}), "where no node may be"));
}

TEST(Inventories, AreCutAtTheirBounds) {
    const std::string body = R"({"values":["aaaa","bbbb","cccc"]})";
    const auto with = [&](std::size_t bytes) { return answered(ok(body), {.node_bytes = bytes}); };
    EXPECT_EQ(with(body.size()), R"("aaaa","bbbb","cccc")");
    EXPECT_EQ(with(body.size() - 1), R"("aaaa","bbbb","cccc" and more)");
    EXPECT_EQ(with(body.size() - 3), R"("aaaa","bbbb" and more)");
    EXPECT_EQ(answered(ok(body), {.round_bytes = 20}), R"("aaaa","bbbb","cccc")");
    EXPECT_TRUE(has(answered(ok(body), {.round_bytes = 19}), "and more"));
}

TEST(Inventories, OfARoundAreSharedAndKeptForAWhile) {
    const PlainServer server{ok(R"({"values":[1]})")};
    std::atomic<Tick> steady = 1000;
    InventoryRounds rounds{[&] { return Now{steady, 0}; }};
    const std::vector<NodeAddress> nodes{{"127.0.0.1", server.port}};
    std::vector<std::future<Told>> asked;
    for (int i = 0; i < 20; ++i) asked.push_back(ask(rounds, nodes));
    for (auto& told : asked) EXPECT_EQ(shown((*get(std::move(told)))->front()), "1");
    EXPECT_EQ(server.calls, 1);
    steady += 1999;
    (void)get(ask(rounds, nodes));
    EXPECT_EQ(server.calls, 1);
    steady += 1;
    (void)get(ask(rounds, nodes));
    EXPECT_EQ(server.calls, 2);
    // Another list is another round.
    EXPECT_TRUE((*get(ask(rounds, {})))->empty());
}

TEST(Inventories, EndWhenTheNodeStops) {
    const PlainServer silent{""};
    InventoryRounds rounds{read_clocks};
    auto told = ask(rounds, {{"127.0.0.1", silent.port}});
    auto other = ask(rounds, {});
    rounds.stop();
    EXPECT_FALSE(get(std::move(told)));
    EXPECT_FALSE(get(std::move(other)));
    EXPECT_FALSE(get(ask(rounds, {})));
}

TEST(Inventories, TurnAwayMoreCallersThanMayWait) {
    const PlainServer silent{""};
    InventoryRounds rounds{read_clocks, {.waiting = 2}};
    auto first = ask(rounds, {{"127.0.0.1", silent.port}});
    auto second = ask(rounds, {});
    EXPECT_FALSE(get(ask(rounds, {})));
    rounds.stop();
}

}  // namespace
}  // namespace cairn
