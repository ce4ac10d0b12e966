#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "api/api.hpp"
#include "app/testing/rig.hpp"

namespace cairn {
namespace {

/// Answers at once with what a test has laid out, and remembers what it was asked.
class FakeDesk final : public NodesDesk {
public:
    void register_nodes(std::vector<std::string> texts, std::stop_token, May may,
                        Done<RegisterOutcome> done) override {
        asked = std::move(texts);
        EXPECT_TRUE(may());
        if (failure) return done(fail(*failure));
        RegisterOutcome outcome{.total_nodes = total, .nodes = {}, .usable = usable};
        for (const auto& text : asked) outcome.nodes.push_back({text, usable, "A sentence."});
        done(std::move(outcome));
    }
    void remove(std::string address, May may, Done<RemoveOutcome> done) override {
        EXPECT_TRUE(may());
        const bool known = std::erase(total, address) > 0;
        done(RemoveOutcome{known, total});
    }
    void list(Done<std::vector<ListedNode>> done) override { done(listed); }
    void resolve(std::uint32_t limit, std::stop_token, May may,
                 Done<ResolveOutcome> done) override {
        EXPECT_TRUE(may());
        seconds = limit;
        if (failure) return done(fail(*failure));
        done(resolved);
    }
    void inventories(Done<Inventories> done) override {
        done(std::make_shared<const std::vector<Inventory>>(held));
    }

    std::vector<std::string> asked, total;
    bool usable = true;
    std::optional<NodesFailure> failure;
    std::vector<ListedNode> listed;
    ResolveOutcome resolved;
    std::uint32_t seconds = 0;
    std::vector<Inventory> held;
};

class NoMines final : public MineDesk {
public:
    void mine(MineOrder, std::stop_token, std::function<void(Mined)>) override {}
    [[nodiscard]] bool is_mining() const override { return false; }
};
class NoSlowLane final : public SlowLane {
public:
    bool post(SlowWork, std::string, Job) override { return false; }
    void resume(SlowWork, std::function<void()>) override {}
};

class NoLogins final : public LoginDesk {
public:
    void log_in(LoginTry, std::stop_token, Done) override {}
};

struct Told {
    unsigned status = 0;
    std::string body;
    std::size_t longest = 0;  // piece of a stream
};

class Sink final : public http::AnswerSink {
public:
    void deliver(std::uint64_t, http::Answer answer) noexcept override {
        if (auto* reply = std::get_if<http::Reply>(&answer)) told = {reply->status, reply->body};
        if (auto* problem = std::get_if<http::Problem>(&answer))
            told = {problem->status, http::to_json(*problem)};
        if (auto* stream = std::get_if<std::unique_ptr<http::Stream>>(&answer)) {
            told.status = 200;
            for (bool more = true; more;) {
                std::string part;
                more = *(*stream)->next(part);
                told.longest = std::max(told.longest, part.size());
                told.body += part;
            }
        }
    }
    Told told;
};

class NodesRoutes : public ::testing::Test {
protected:
    ~NodesRoutes() override {
        rig.node->stop();
        std::filesystem::remove_all(folder);
    }

    Told ask(http::Method method, std::vector<std::string> path, std::string body = {},
             json::Value::Object query = {}) {
        http::Request request;
        request.head.method = method;
        request.head.segments = std::move(path);
        request.head.query = json::Value{std::move(query)};
        if (!body.empty() && body.front() != '{')
            request.head.headers.content_type = "application/x-www-form-urlencoded";
        request.body = std::move(body);
        const auto match = api.lookup(request.head);
        if (!match) return {match.error().status, match.error().detail};
        request.route = match->route;
        request.parameters = match->parameters;
        auto sink = std::make_shared<Sink>();
        api.handle(std::move(request), {}, http::Responder{sink, 1});
        return sink->told;
    }
    Told post(const std::string& body) {
        return ask(http::Method::post, {"nodes", "register"}, body);
    }

    std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("nodes_routes_" + std::to_string(getpid()));
    testing::NodeRig rig;
    FakeDesk desk;
    NoMines mines;
    NoSlowLane slow;
    std::unique_ptr<Users> users =
        *Users::open((std::filesystem::create_directories(folder), folder));
    Sessions sessions;
    NoLogins logins;
    Argon2Gate argon2;
    NameBook names;
    Services services{ApiOptions{false, false, true, "test", {}},
                      rig.chain,
                      (rig.start(), *rig.node),
                      mines,
                      desk,
                      slow,
                      *users,
                      sessions,
                      logins,
                      argon2,
                      names,
                      Objects{rig.chain->spec(), names},
                      [this] { return rig.now(); },
                      nullptr};
    Api api{services};
};

TEST_F(NodesRoutes, RegisterTakesAListATextAndAForm) {
    using Texts = std::vector<std::string>;
    const std::vector<std::pair<std::string, Texts>> cases = {
        {R"({"nodes":["http://127.0.0.1:5001","b:2"]})", {"http://127.0.0.1:5001", "b:2"}},
        {R"({"nodes":"127.0.0.1:5001"})", {"127.0.0.1:5001"}},
        {R"({"nodes":"a:1, b:2,,c:3,"})", {"a:1", "b:2", "c:3"}},
        {"nodes=a:1,b:2", {"a:1", "b:2"}},
        {R"({"nodes":["a:1"],"unknown":7})", {"a:1"}},
    };
    for (const auto& [body, texts] : cases) {
        EXPECT_EQ(post(body).status, 201U) << body;
        EXPECT_EQ(desk.asked, texts) << body;
    }
}

TEST_F(NodesRoutes, RegisterTellsOfEachEntryInItsOrder) {
    desk.total = {"a:1", "z:26"};
    const Told told = post(R"({"nodes":["a:1",5,"b:2",null]})");
    EXPECT_EQ(told.status, 201U);
    EXPECT_EQ(
        told.body,
        R"({"message":"New nodes have been added","total_nodes":["a:1","z:26"],"nodes":[)"
        R"({"address":"a:1","connected":true,"detail":"A sentence."},)"
        R"({"address":"the number 5","connected":false,"detail":"Expected host:port such as 127.0.0.1:5001, found the number 5."},)"
        R"({"address":"b:2","connected":true,"detail":"A sentence."},)"
        R"({"address":"null","connected":false,"detail":"Expected host:port such as 127.0.0.1:5001, found null."}]})");
}

TEST_F(NodesRoutes, RegisterOfNothingUsableIsA400ThatTellsOfEach) {
    desk.usable = false;
    const Told told = post(R"({"nodes":["x","y"]})");
    EXPECT_EQ(told.status, 400U);
    EXPECT_NE(told.body.find(R"("field":"nodes")"), std::string::npos);
    EXPECT_NE(
        told.body.find(R"("nodes":[{"address":"x","connected":false,"detail":"A sentence."},)"),
        std::string::npos);
}

TEST_F(NodesRoutes, RegisterRefusesWhatIsNoList) {
    for (const auto* body : {"", "{}", R"({"nodes":[]})", R"({"nodes":""})", R"({"nodes":","})",
                             R"({"nodes":5})", R"({"nodes":null})", R"({"nodes":{}})",
                             R"({"nodes":[5]})", R"({"nodes":[[],{}]})", "{"}) {
        desk.asked = {"untouched"};
        EXPECT_EQ(post(body).status, 400U) << body;
        EXPECT_EQ(desk.asked, std::vector<std::string>{"untouched"}) << body;
    }
}

TEST_F(NodesRoutes, RegisterTakes256EntriesAndNotOneMore) {
    const auto entries = [](int count) {
        std::string body = "{\"nodes\":[";
        for (int i = 0; i < count; ++i)
            body += (i > 0 ? ",\"n" : "\"n") + std::to_string(i) + ":1\"";
        return body + "]}";
    };
    EXPECT_EQ(post(entries(256)).status, 201U);
    EXPECT_EQ(post(entries(257)).status, 400U);
}

TEST_F(NodesRoutes, AFailureIsA503) {
    desk.failure = NodesFailure{"The store failed."};
    const Told told = post(R"({"nodes":["a:1"]})");
    EXPECT_EQ(told.status, 503U);
    EXPECT_NE(told.body.find("The store failed."), std::string::npos);
    EXPECT_EQ(ask(http::Method::get, {"nodes", "resolve"}).status, 503U);
}

TEST_F(NodesRoutes, WhatMayBeDoneIsNoPlain503) {
    desk.failure = NodesFailure{.why = "The store failed.", .begun = true};
    const Told told = post(R"({"nodes":["a:1"]})");
    EXPECT_EQ(told.status, 503U);
    EXPECT_NE(told.body.find(R"("outcome":"unknown")"), std::string::npos) << told.body;
    EXPECT_NE(told.body.find("GET /nodes"), std::string::npos) << told.body;
}

TEST_F(NodesRoutes, ListLeavesOutWhatIsNotKnown) {
    EXPECT_EQ(ask(http::Method::get, {"nodes"}).body, R"({"peers":[],"registered":[]})");
    ListedNode known;
    known.state = {.address = "10.0.0.1:5000",
                   .registered = true,
                   .connected = true,
                   .outbound = true,
                   .state = "connected",
                   .key = testing::nobody(1),
                   .agent = "/cairn:0.1.0/",
                   .index = 7,
                   .hash = BlockHash{},
                   .peer = 3,
                   .connected_ms = 61'999,
                   .last_error = {}};
    known.bytes_in = 11;
    known.bytes_out = 12;
    ListedNode waiting;
    waiting.state = {.address = "h:1",
                     .registered = true,
                     .state = "waiting",
                     .key = {},
                     .agent = {},
                     .hash = {},
                     .last_error = "nobody listens there"};
    ListedNode inbound;
    inbound.state = {.address = "127.0.0.1:40000",
                     .connected = true,
                     .state = {},
                     .key = {},
                     .agent = {},
                     .hash = {},
                     .last_error = {}};
    desk.listed = {known, waiting, inbound};
    std::string key;
    json::append_hex(key, testing::nobody(1).bytes);
    const std::string members = R"("key":")" + key +
                                R"(","agent":"/cairn:0.1.0/","index":7,"hash":")" +
                                BlockHash{}.to_string() + R"(","bytes_in":11,"bytes_out":12)";
    EXPECT_EQ(ask(http::Method::get, {"nodes"}).body,
              R"({"peers":[{"address":"10.0.0.1:5000","direction":"out",)" + members +
                  R"(,"connected_seconds":61},)"
                  R"({"address":"127.0.0.1:40000","direction":"in","connected_seconds":0}],)"
                  R"("registered":[{"address":"10.0.0.1:5000","state":"connected",)" +
                  members +
                  R"(},{"address":"h:1","state":"waiting","last_error":"nobody listens there"}]})");
}

TEST_F(NodesRoutes, RemoveTellsWhatIsLeftAndA404WhatThereIs) {
    desk.total = {"a:1", "b:2"};
    EXPECT_EQ(ask(http::Method::del, {"nodes", "a:1"}).body,
              R"({"message":"Removed: a:1","total_nodes":["b:2"]})");
    const Told gone = ask(http::Method::del, {"nodes", "a:1"});
    EXPECT_EQ(gone.status, 404U);
    EXPECT_NE(gone.body.find("registered: b:2"), std::string::npos) << gone.body;
    desk.total.clear();
    EXPECT_NE(ask(http::Method::del, {"nodes", "a:1"}).body.find("none is registered"),
              std::string::npos);
}

TEST_F(NodesRoutes, ResolveStreamsTheChainUnderTheNameOfTheOutcome) {
    desk.resolved.nodes = {{"a:1", std::nullopt}, {"b:2", "it is gone"}};
    Told told = ask(http::Method::get, {"nodes", "resolve"});
    EXPECT_EQ(desk.seconds, 30U);
    EXPECT_TRUE(told.body.starts_with(
        R"({"message":"Our chain is authoritative","replaced":false,"length":1,)"
        R"("nodes":[{"address":"a:1"},{"address":"b:2","error":"it is gone"}],"dropped":[],"chain":[{"index":1,)"))
        << told.body;
    EXPECT_TRUE(told.body.ends_with("}]}"));
    EXPECT_TRUE(json::parse(told.body));

    desk.resolved.replaced = true;
    desk.resolved.dropped = {{Txid{}, "nonce_used"}, {Txid{}, "overdraft"}};
    told = ask(http::Method::post, {"nodes", "resolve"}, R"({"timeout":120})");
    EXPECT_EQ(desk.seconds, 120U);
    const std::string id = Txid{}.to_string();
    EXPECT_NE(told.body.find(R"("dropped":[{"id":")" + id + R"(","reason":"nonce_used"},{"id":")" +
                             id + R"(","reason":"overdraft"}],"new_chain":[{"index":1,)"),
              std::string::npos)
        << told.body;
    EXPECT_TRUE(json::parse(told.body));
}

TEST_F(NodesRoutes, ResolveClaimsNoMoreThanItKnows) {
    const auto message = [this](std::vector<AskedNode> nodes) {
        desk.resolved.nodes = std::move(nodes);
        const std::string body = ask(http::Method::post, {"nodes", "resolve"}).body;
        return json::parse(body)->find("message")->string() == nullptr
                   ? ""
                   : *json::parse(body)->find("message")->string();
    };
    EXPECT_EQ(message({{"a:1", std::nullopt}}), "Our chain is authoritative");
    EXPECT_EQ(message({}), "Nobody was asked, for no node is registered: our chain stays as it is");
    EXPECT_EQ(message({{"a:1", "it is gone"}, {"b:2", "it is gone"}}),
              "No registered node told its whole chain: our chain stays as it is");
    EXPECT_EQ(message({{"a:1", std::nullopt}, {"b:2", "refused", true}}),
              "Our chain stays as it is: b:2 has a longer one, which was refused, for it is ahead "
              "of this node's clock");
}

TEST_F(NodesRoutes, ResolveHasATimeLimitOfOneToAHundredAndTwentySeconds) {
    const auto with = [this](const char* seconds) {
        return ask(http::Method::get, {"nodes", "resolve"}, {},
                   {{"timeout", json::Value{std::string{seconds}}}})
            .status;
    };
    EXPECT_EQ(with("1"), 200U);
    EXPECT_EQ(with("120"), 200U);
    for (const auto* wrong : {"0", "121", "1.5", "x", ""}) EXPECT_EQ(with(wrong), 400U) << wrong;
}

TEST_F(NodesRoutes, GetBlocksSendsLongAnswersInSmallPieces) {
    EXPECT_EQ(ask(http::Method::get, {"getblocks"}).body, R"({"information":[]})");
    std::string elements = "0";
    for (int i = 1; i < 100'000; ++i) elements += "," + std::to_string(i);
    desk.held = {{"a:1", Inventory::Values{elements, false}},
                 {"b:2", "It takes no connection: nobody listens there."},
                 {"c:3", Inventory::Values{"", true}}};
    const Told told = ask(http::Method::get, {"getblocks"});
    EXPECT_EQ(told.body,
              R"({"information":[{"node":"a:1","values":[)" + elements +
                  R"(]},{"node":"b:2","error":"It takes no connection: nobody listens there."},)"
                  R"({"node":"c:3","values":[],"truncated":true}]})");
    EXPECT_LE(told.longest, 64U * 1024);
}

TEST_F(NodesRoutes, StatusTellsOfPeers) {
    const Told told = ask(http::Method::get, {"status"});
    EXPECT_NE(told.body.find(R"("peers":0,)"), std::string::npos);
    EXPECT_NE(told.body.find(R"("syncing":false,)"), std::string::npos);
}

}  // namespace
}  // namespace cairn
