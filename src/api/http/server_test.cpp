#include "api/http/server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <thread>

#include "api/http/limits_met.hpp"
#include "api/http/testing/raw_client.hpp"
#include "api/http/testing/scripted_handler.hpp"
#include "json/reader.hpp"

namespace cairn::http {
namespace {

using namespace std::chrono_literals;
using testing::fires;
using testing::RawClient;
using testing::Response;
using testing::ScriptedHandler;
using testing::ScriptedStream;
using testing::Waiting;

/// Streams `parts` parts of `size` bytes, then ends or fails.
std::unique_ptr<Stream> parts_of(std::size_t size, int parts, bool fails = false) {
    return std::make_unique<ScriptedStream>(
        [=, left = parts](std::string& out) mutable -> Result<bool, StoreError> {
            if (left == 0) {
                if (fails) return fail(StoreError{StoreFault::corrupt, "a broken block"});
                return false;
            }
            --left;
            out.append(size, 'a');
            return true;
        });
}

/// Fires when it goes.
struct OnEnd {
    explicit OnEnd(std::stop_source to_fire) : fire{std::move(to_fire)} {}
    OnEnd(const OnEnd&) = delete;
    OnEnd& operator=(const OnEnd&) = delete;
    ~OnEnd() { fire.request_stop(); }
    std::stop_source fire;
};

class HttpServer : public ::testing::Test {
protected:
    void start(ServerConfig config = {}) {
        config.port = 0;
        config.tick = 5ms;
        handler_ = std::make_unique<ScriptedHandler>(table());
        auto server = Server::start(config, *handler_);
        ASSERT_TRUE(server) << server.error();
        server_ = std::move(*server);
        port_ = server_->port();
    }

    std::vector<Route<ScriptedHandler::Run>> table() {
        const auto answer = [](auto make) {
            return [make](Request request, std::stop_token, Responder responder) {
                responder.answer(make(std::move(request)));
            };
        };
        const auto wait = [this](Request request, std::stop_token stop, Responder responder) {
            waiting_.add(std::move(request), std::move(stop), std::move(responder));
        };
        return {
            {{.pattern = "/hello"}, answer([](Request) { return Reply{.body = "\"hello\""}; })},
            {{.pattern = "/number/{n}"},
             answer([](Request request) { return Reply{.body = request.parameters.at(0)}; })},
            {{.method = Method::post, .pattern = "/echo", .changes = true},
             answer([](Request request) { return Reply{.body = request.body}; })},
            {{.method = Method::post, .pattern = "/small", .limits = {.body = 10}},
             answer([](Request request) { return Reply{.body = request.body}; })},
            {{.pattern = "/change", .changes = true}, answer([](Request) { return Reply{}; })},
            {{.pattern = "/member", .who = Role::member}, answer([](Request) { return Reply{}; })},
            {{.pattern = "/later", .limits = {.deadline = 60s}}, wait},
            {{.pattern = "/soon", .limits = {.deadline = 20ms}}, wait},
            {{.pattern = "/drop"}, [](Request, std::stop_token, Responder) {}},
            {{.pattern = "/thread"},
             [](Request, std::stop_token, Responder responder) {
                 std::thread{[held = std::move(responder)]() mutable {
                     held.answer(Reply{.body = "7"});
                 }}.detach();
             }},
            {{.pattern = "/stream"}, answer([](Request) { return parts_of(40'000, 30); })},
            {{.pattern = "/broken"}, answer([](Request) { return parts_of(40'000, 3, true); })},
            {{.pattern = "/broken-at-once"}, answer([](Request) { return parts_of(1, 0, true); })},
            {{.pattern = "/endless"},
             [this](Request, std::stop_token, Responder responder) {
                 responder.answer(std::make_unique<ScriptedStream>(
                     [this, on_end = std::make_shared<OnEnd>(endless_ended_)](
                         std::string& out) -> Result<bool, StoreError> {
                         produced_ += 64 * 1024;
                         out.append(64 * 1024, 'a');
                         return true;
                     }));
             }},
            {{.method = Method::post, .pattern = "/heavy", .limits = {.memory_per_byte = 5}}, wait},
            {{.pattern = "/alive", .vital = true}, answer([](Request) { return Reply{}; })},
            {{.pattern = "/large"},
             answer([](Request) { return Reply{.body = std::string(kLarge, 'a')}; })},
            {{.pattern = "/p2p", .peer_socket = true}, wait},
        };
    }

    static constexpr std::size_t kLarge = 100'000;

    static std::string get(std::string_view path, std::string_view headers = "") {
        return "GET " + std::string{path} + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
               std::string{headers} + "\r\n";
    }
    static std::string post(std::string_view path, std::string_view body,
                            std::string_view headers = "") {
        return "POST " + std::string{path} +
               " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + std::to_string(body.size()) +
               "\r\n" + std::string{headers} + "\r\n" + std::string{body};
    }
    Response ask(std::string_view bytes, bool to_head = false) {
        RawClient client{port_};
        client.send(bytes);
        return client.read(to_head);
    }
    /// The answer is a problem of that status, whole and well formed.
    static void expect_problem(const Response& response, unsigned status, std::string_view what) {
        EXPECT_EQ(response.status, status) << what;
        EXPECT_TRUE(response.whole) << what;
        const auto type = response.headers.find("content-type");
        ASSERT_NE(type, response.headers.end()) << what;
        EXPECT_EQ(type->second, "application/problem+json") << what;
        const auto body = json::parse(response.body);
        ASSERT_TRUE(body) << what;
        for (const char* name : {"type", "title", "detail", "message"})
            EXPECT_NE(body->find(name) ? body->find(name)->string() : nullptr, nullptr)
                << what << name;
        EXPECT_EQ(body->find("status")->number()->text, std::to_string(status)) << what;
        EXPECT_EQ(*body->find("message")->string(), *body->find("detail")->string()) << what;
    }

    Waiting waiting_;
    /// Waits for what the server is about to do.
    static void until(const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (!condition() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
        ASSERT_TRUE(condition());
    }

    std::atomic<std::size_t> produced_{0};
    std::stop_source endless_ended_;
    std::unique_ptr<ScriptedHandler> handler_;
    std::unique_ptr<Server> server_;  // stops before the handler goes
    std::uint16_t port_ = 0;
};

// Answers.

TEST_F(HttpServer, AnswersAndKeepsTheConnection) {
    start();
    RawClient client{port_};
    for (int i = 0; i < 3; ++i) {
        client.send(get("/hello"));
        const auto response = client.read();
        EXPECT_EQ(response.status, 200u);
        EXPECT_EQ(response.body, "\"hello\"");
        EXPECT_EQ(response.headers.at("content-type"), "application/json");
        EXPECT_EQ(response.headers.at("cache-control"), "no-store");
        EXPECT_FALSE(response.headers.contains("connection"));
        EXPECT_FALSE(response.headers.contains("access-control-allow-origin"));
    }
    client.send(get("/hello", "Connection: close\r\n"));
    EXPECT_EQ(client.read().headers.at("connection"), "close");
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, SpeaksTheOlderVersion) {
    start();
    RawClient client{port_};
    client.send("GET /hello HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(client.read().headers.at("connection"), "keep-alive");
    client.send("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
    const auto response = client.read();
    EXPECT_FALSE(response.headers.contains("transfer-encoding"));
    EXPECT_EQ(response.body.size(), 1'200'000u);
    EXPECT_TRUE(response.whole);
}

TEST_F(HttpServer, AnswersAHundredPipelinedRequestsInOrder) {
    start({.threads = 2});
    RawClient client{port_};
    std::string requests;
    for (int i = 0; i < 100; ++i) {
        requests += get("/number/" + std::to_string(i));
        if (i % 10 == 3) requests += get("/thread");
        if (i % 10 == 5) requests += post("/echo", "\"e" + std::to_string(i) + "\"");
        if (i % 10 == 7) requests += get("/stream");
    }
    std::thread sender{[&] { client.send(requests); }};
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(client.read().body, std::to_string(i));
        if (i % 10 == 3) {
            EXPECT_EQ(client.read().body, "7");
        }
        if (i % 10 == 5) {
            EXPECT_EQ(client.read().body, "\"e" + std::to_string(i) + "\"");
        }
        if (i % 10 == 7) {
            EXPECT_EQ(client.read().body.size(), 1'200'000u);
        }
    }
    sender.join();
}

TEST_F(HttpServer, ReadsABodyHoweverItComes) {
    start();
    RawClient client{port_};
    client.send(post("/echo", std::string(256 * 1024, 'x')));
    EXPECT_EQ(client.read().body, std::string(256 * 1024, 'x'));
    client.send(
        "POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na");
    client.send("bc\r\n0\r\n\r\n");
    EXPECT_EQ(client.read().body, "abc");
    client.send(post("/echo", "") + get("/hello"));
    EXPECT_EQ(client.read().body, "");
    EXPECT_EQ(client.read().body, "\"hello\"");
}

TEST_F(HttpServer, SaysContinueBeforeABodyIsSent) {
    start();
    RawClient client{port_};
    const std::string request = post("/echo", "abc", "Expect: 100-continue\r\n");
    client.send(std::string_view{request}.substr(0, request.size() - 3));
    EXPECT_EQ(client.read().status, 100u);
    client.send("abc");
    EXPECT_EQ(client.read().body, "abc");
}

TEST_F(HttpServer, RefusesABodyBeforeItIsSent) {
    start();
    const std::string big =
        "POST /small HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
        "Content-Length: 11\r\n\r\n";
    expect_problem(ask(big), 413, "over the route's limit");
    expect_problem(ask(post("/nothing", "abc")), 404, "no route");
    EXPECT_EQ(handler_->handled, 0);
}

TEST_F(HttpServer, HeadHasTheHeadersOnly) {
    start();
    RawClient client{port_};
    client.send("HEAD /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto response = client.read(true);
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.headers.at("content-length"), "7");
    client.send("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(client.read(true).status, 200u);
    client.send(get("/hello"));
    EXPECT_EQ(client.read().body, "\"hello\"");
}

TEST_F(HttpServer, HeadNeverChangesAnything) {
    start();
    const auto response = ask("HEAD /change HTTP/1.1\r\nHost: localhost\r\n\r\n", true);
    EXPECT_EQ(response.status, 405u);
    EXPECT_EQ(response.headers.at("allow"), "GET, OPTIONS");
    EXPECT_EQ(handler_->handled, 0);
}

TEST_F(HttpServer, OptionsTellsTheMethods) {
    start();
    const auto response = ask("OPTIONS /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(response.status, 204u);
    EXPECT_EQ(response.headers.at("allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 204u);
    EXPECT_EQ(handler_->handled, 0);
}

TEST_F(HttpServer, AnAnswerThatIsDroppedIs500) {
    start();
    expect_problem(ask(get("/drop")), 500, "dropped");
}

TEST_F(HttpServer, ErrorsAreProblems) {
    start();
    expect_problem(ask(get("/nothing")), 404, "404");
    const auto method = ask("DELETE /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
    expect_problem(method, 405, "405");
    EXPECT_EQ(method.headers.at("allow"), "GET, HEAD, OPTIONS");
    const auto login = ask(get("/member"));
    expect_problem(login, 401, "401");
    EXPECT_EQ(login.headers.at("www-authenticate"), "Bearer");
    expect_problem(ask("GET /hello HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 421, "421");
    expect_problem(ask(get("/hello", "Origin: http://evil.example\r\n")), 403, "403");
    expect_problem(ask(get("/change", "Sec-Fetch-Site: cross-site\r\n")), 403,
                   "403 without Origin");
    expect_problem(ask(get("/hello", "Expect: tea\r\n")), 417, "417");
    expect_problem(ask("GET / HTTP/3.0\r\nHost: localhost\r\n\r\n"), 505, "505");
    EXPECT_EQ(handler_->handled, 0);
}

TEST_F(HttpServer, TellsAnAllowedPageThatItIs) {
    start({.guard = {.cors_origins = {"https://app.example"}}});
    const auto response = ask(get("/hello", "Origin: https://app.example\r\n"));
    EXPECT_EQ(response.headers.at("access-control-allow-origin"), "https://app.example");
    EXPECT_FALSE(response.headers.contains("access-control-allow-credentials"));
    // It may read what went wrong, too.
    const auto missing = ask(get("/nothing", "Origin: https://app.example\r\n"));
    EXPECT_EQ(missing.headers.at("access-control-allow-origin"), "https://app.example");
}

// What must not pass.

TEST_F(HttpServer, SmugglingSetNeverMakesTwoRequests) {
    start();
    const std::string h = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
    const std::string cl = h + "Content-Length: 5\r\n";
    const std::string te = h + "Transfer-Encoding: chunked\r\n";
    const std::string g = "GET /hello HTTP/1.1\r\n";
    const std::vector<std::string> set{
        // two lengths, or a length and chunks
        cl + "Content-Length: 5\r\n\r\nhello",
        cl + "Content-Length: 6\r\n\r\nhello",
        cl + "content-length: 0\r\n\r\nhello",
        cl + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        te + "Content-Length: 5\r\n\r\n0\r\n\r\n",
        te + "Content-Length: 0\r\n\r\n0\r\n\r\n",
        h + "Content-Length: 5, 5\r\n\r\nhello",
        h + "Content-Length: 5,6\r\n\r\nhello",
        h + "Content-Length: +5\r\n\r\nhello",
        h + "Content-Length: -1\r\n\r\nhello",
        h + "Content-Length: 0x5\r\n\r\nhello",
        h + "Content-Length: 5a\r\n\r\nhello",
        h + "Content-Length: 5.0\r\n\r\nhello",
        h + "Content-Length: \"5\"\r\n\r\nhello",
        h + "Content-Length: 5 0\r\n\r\nhello",
        h + "Content-Length:\r\n\r\nhello",
        h + "Content-Length: 18446744073709551621\r\n\r\nhello",
        h + "Content-Length : 5\r\n\r\nhello",
        h + "Content-Length\t: 5\r\n\r\nhello",
        h + " Content-Length: 5\r\n\r\nhello",
        h + "\tContent-Length: 5\r\n\r\nhello",
        // transfer codings
        h + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding:\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        h + " Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding\n: chunked\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: chunked\n\r\n0\r\n\r\n",
        h + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        h + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        h + "Transfer-Encoding: \x0b"
            "chunked\r\n\r\n0\r\n\r\n",
        te + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        te + "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        // folded lines and line ends
        h + "Content-Length: 5\r\n 0\r\n\r\nhello",
        h + "X: y\r\n Content-Length: 5\r\n\r\nhello",
        h + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "GET /hello HTTP/1.1\r\n Host: localhost\r\n\r\n",
        "GET /hello HTTP/1.1\nHost: localhost\n\n",
        "GET /hello HTTP/1.1\r\nHost: localhost\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\n\n",
        "GET /hello HTTP/1.1\rHost: localhost\r\r",
        "GET /hello HTTP/1.1\r\nHost: localhost\r\n\rX",
        "\n" + g + "Host: localhost\r\n\r\n",
        "\r\n\r\n" + g + "Host: localhost\r\n\r\n",
        // names and values
        g + "Host: localhost\r\nX Y: z\r\n\r\n",
        g + "Host: localhost\r\n: z\r\n\r\n",
        g + "Host: localhost\r\nnocolon\r\n\r\n",
        g + "Host: localhost\r\nX: a" + std::string(1, '\0') + "b\r\n\r\n",
        g + "Host: localhost\r\nX" + std::string(1, '\0') + ": b\r\n\r\n",
        g + "Host: localhost\r\nX: a\x01"
            "b\r\n\r\n",
        g + "Host: localhost\r\nX: a\x7f\r\n\r\n",
        // host
        g + "\r\n",
        g + "Host: localhost\r\nHost: localhost\r\n\r\n",
        g + "Host: localhost\r\nhost: evil.example\r\n\r\n",
        g + "Host:\r\n\r\n",
        "GET http://evil.example/hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET https://127.0.0.1:80/hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n",
        // request lines
        "GET  /hello HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello  HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello HTTP/1.1 \r\nHost: localhost\r\n\r\n",
        "GET /hello\r\nHost: localhost\r\n\r\n",
        "GET\t/hello\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello HTTP/1.1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hel" + std::string(1, '\0') + "lo HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello http/1.1\r\nHost: localhost\r\n\r\n",
        "GET /hello HTTP/1.1.1\r\nHost: localhost\r\n\r\n",
        "GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\x16\x03\x01\x02" + std::string(1, '\0') + "\x01",
        // chunks
        te + "\r\n5;a=b\r\nhello\r\n0\r\n\r\n",
        te + "\r\n5\r\nhello\r\n0;a\r\n\r\n",
        te + "\r\n5\nhello\r\n0\r\n\r\n",
        te + "\r\n5\r\nhello\n0\r\n\r\n",
        te + "\r\n5\r\nhelloo\r\n0\r\n\r\n",
        te + "\r\n0x5\r\nhello\r\n0\r\n\r\n",
        te + "\r\n+5\r\nhello\r\n0\r\n\r\n",
        te + "\r\n-5\r\nhello\r\n0\r\n\r\n",
        te + "\r\nx\r\nhello\r\n0\r\n\r\n",
        te + "\r\n 5\r\nhello\r\n0\r\n\r\n",
        te + "\r\n\r\nhello\r\n0\r\n\r\n",
        te + "\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
    };
    EXPECT_GE(set.size(), 60u);
    for (const std::string& request : set) {
        RawClient client{port_};
        client.send(request + get("/hello"));
        expect_problem(client.read(), 400, request);
        EXPECT_EQ(client.rest(), "") << "a second answer to " << request;
    }
    EXPECT_EQ(handler_->handled, 0);
}

TEST_F(HttpServer, RefusesWhatIsTooLarge) {
    start();
    const auto refused = [&](const std::string& request, unsigned status) {
        RawClient client{port_};
        std::thread sender{[&] { client.send(request); }};
        const auto response = client.read();
        expect_problem(response, status, request.substr(0, 40));
        EXPECT_EQ(client.rest(), "");
        client.end_input();
        sender.join();
    };
    refused(get("/" + std::string(8 * 1024, 'a')), 414);
    refused("GET /" + std::string(1'000'000, 'a'), 414);
    refused(get("/hello", "A: " + std::string(8 * 1024, 'a') + "\r\n"), 431);
    refused("GET /hello HTTP/1.1\r\nA: " + std::string(1'000'000, 'a'), 431);
    std::string many;
    for (int i = 0; i < 10'000; ++i) many += "A: b\r\n";
    refused(get("/hello", many), 431);
    refused(post("/echo", std::string(256 * 1024 + 1, 'a')), 413);
    refused(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 18446744073709551615\r\n\r\n",
        413);
    const std::string chunked =
        "POST /small HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    refused(chunked + "b\r\nhello", 413);
    refused(chunked + "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n", 413);
    refused(chunked + "7fffffffffffffff\r\n", 413);
    EXPECT_EQ(handler_->handled, 0);
    EXPECT_EQ(ask(post("/small", "0123456789")).status, 200u);
}

// Time.

TEST_F(HttpServer, ReapsHalfHeadsWhileOthersAreServed) {
    start({.head_deadline = 100ms});
    std::vector<std::unique_ptr<RawClient>> slow;
    for (int i = 0; i < 100; ++i) {
        slow.push_back(std::make_unique<RawClient>(port_));
        slow.back()->send("GET /hello HTTP/1.1\r\nHo");
    }
    EXPECT_EQ(ask(get("/hello")).status, 200u);
    for (auto& client : slow) {
        expect_problem(client->read(), 408, "half a head");
        EXPECT_TRUE(client->ended());
    }
}

TEST_F(HttpServer, ReapsSilentAndIdleConnections) {
    start({.head_deadline = 50ms, .idle_deadline = 50ms});
    RawClient silent{port_};
    EXPECT_TRUE(silent.ended());
    RawClient idle{port_};
    idle.send(get("/hello"));
    EXPECT_EQ(idle.read().status, 200u);
    EXPECT_TRUE(idle.ended());
}

TEST_F(HttpServer, ReapsSlowBodies) {
    start({.grace = 50ms});
    RawClient client{port_};
    client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc");
    expect_problem(client.read(), 408, "slow body");
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, StopTokenFiresWhenTheClientLeaves) {
    start();
    RawClient client{port_};
    client.send(get("/later"));
    auto one = waiting_.take();
    EXPECT_FALSE(one.stop.stop_requested());
    client.close();
    EXPECT_TRUE(fires(one.stop));
}

TEST_F(HttpServer, ClientThatOnlyEndedItsInputIsNotGone) {
    start();
    RawClient client{port_};
    client.send(get("/later"));
    client.end_input();
    auto one = waiting_.take();
    // The answer is begun, to see whether anybody takes it.
    EXPECT_EQ(client.wait_for(3), "HTT");
    EXPECT_FALSE(one.stop.stop_requested());
    one.responder.answer(Reply{.body = "1"});
    const auto response = client.read();
    EXPECT_EQ(response.status, 200u);
    EXPECT_EQ(response.body, "1");
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, WhatIsSentAheadIsPartOfWhateverTheAnswerIs) {
    start({.overdue = 20ms});
    const auto half_closed = [&](std::string_view path, std::size_t wait_for, auto answer) {
        RawClient client{port_};
        client.send(get(path));
        client.end_input();
        auto one = waiting_.take();
        client.wait_for(wait_for);
        answer(one);
        auto response = client.read();
        EXPECT_TRUE(response.whole);
        EXPECT_TRUE(client.ended());
        return response;
    };
    for (const std::size_t bytes : {0U, 1U, 2U, 4U}) {
        EXPECT_EQ(half_closed("/later", bytes,
                              [](auto& one) { one.responder.answer(parts_of(40'000, 3)); })
                      .body.size(),
                  120'000U);
        expect_problem(
            half_closed(
                "/later", bytes,
                [](auto& one) { one.responder.answer(Problem{.status = 400, .detail = "No."}); }),
            400, "a problem");
        EXPECT_EQ(half_closed("/later", bytes,
                              [](auto& one) { one.responder.answer(Reply{.status = 204}); })
                      .status,
                  204U);
    }
    expect_problem(half_closed("/soon", 0, [](auto&) {}), 503, "overdue");
}

TEST_F(HttpServer, StopTokenFiresWhenTheClientLeavesAfterItsInputHasEnded) {
    start();
    RawClient client{port_};
    client.send(get("/later"));
    client.end_input();
    auto one = waiting_.take();
    EXPECT_EQ(client.wait_for(1), "H");
    EXPECT_FALSE(one.stop.stop_requested());
    client.close();
    EXPECT_TRUE(fires(one.stop));
}

TEST_F(HttpServer, RequestsBehindOneAnotherAreAnsweredThoughTheInputHasEnded) {
    start();
    RawClient client{port_};
    client.send(get("/hello") + get("/later") + get("/stream") + get("/hello"));
    client.end_input();
    auto one = waiting_.take();
    EXPECT_EQ(client.read().body, "\"hello\"");
    EXPECT_EQ(client.wait_for(2), "HT");
    one.responder.answer(Reply{.body = "1"});
    EXPECT_EQ(client.read().body, "1");
    EXPECT_EQ(client.read().body.size(), 1'200'000u);
    EXPECT_EQ(client.read().body, "\"hello\"");
    EXPECT_TRUE(client.ended());
}

TEST_F(HttpServer, StopTokenFiresAtTheDeadlineAndTheHandlerMayStillAnswer) {
    start();
    RawClient client{port_};
    client.send(get("/soon"));
    auto one = waiting_.take();
    EXPECT_TRUE(fires(one.stop));
    one.responder.answer(Problem{.status = 503, .detail = "Not yet.", .retry_after = 7});
    const auto response = client.read();
    expect_problem(response, 503, "deadline");
    EXPECT_EQ(response.headers.at("retry-after"), "7");
    client.send(get("/hello"));
    EXPECT_EQ(client.read().status, 200u);
}

TEST_F(HttpServer, AnswersForAHandlerThatDoesNot) {
    start({.overdue = 20ms});
    RawClient client{port_};
    client.send(get("/soon"));
    auto one = waiting_.take();
    const auto response = client.read();
    expect_problem(response, 503, "overdue");
    EXPECT_TRUE(response.headers.contains("retry-after"));
    EXPECT_TRUE(client.ended());
    one.responder.answer(Reply{});  // too late for anybody
}

TEST_F(HttpServer, StopsUnderLoadAndForgetsLateAnswers) {
    start({.threads = 2, .stop_grace = 100ms});
    RawClient waits{port_};
    waits.send(get("/later"));
    auto late = waiting_.take();
    RawClient answered{port_};
    answered.send(get("/later"));
    auto in_time = waiting_.take();
    std::thread answerer{[&] {
        EXPECT_TRUE(fires(in_time.stop));
        in_time.responder.answer(Reply{.body = "1"});
    }};
    RawClient idle{port_};
    idle.send(get("/hello"));
    EXPECT_EQ(idle.read().status, 200u);
    server_->stop();
    answerer.join();
    EXPECT_TRUE(late.stop.stop_requested());
    const auto response = answered.read();
    EXPECT_EQ(response.body, "1");
    EXPECT_EQ(response.headers.at("connection"), "close");
    EXPECT_TRUE(idle.ended());
    EXPECT_TRUE(waits.ended());
    EXPECT_FALSE(RawClient{port_}.connected());
    server_.reset();
    late.responder.answer(Reply{});
}

// Streams.

TEST_F(HttpServer, StreamsInChunks) {
    start();
    RawClient client{port_};
    client.send(get("/stream") + get("/hello"));
    const auto response = client.read();
    EXPECT_EQ(response.headers.at("transfer-encoding"), "chunked");
    EXPECT_EQ(response.body.size(), 1'200'000u);
    EXPECT_TRUE(response.whole);
    EXPECT_EQ(client.read().body, "\"hello\"");
}

TEST_F(HttpServer, BrokenStreamIsNeverWellFormed) {
    start();
    EXPECT_FALSE(ask(get("/broken")).whole);
    EXPECT_FALSE(ask("GET /broken HTTP/1.0\r\nHost: localhost\r\n\r\n").whole);
    expect_problem(ask(get("/broken-at-once")), 503, "nothing was sent yet");
}

TEST_F(HttpServer, SlowReaderCostsNoMemoryAndIsCut) {
    start({.grace = 300ms, .answer_rate = 100 * 1024 * 1024});
    RawClient client{port_, 4096};
    client.send(get("/endless"));
    ASSERT_TRUE(fires(endless_ended_.get_token()));  // though this side has read nothing
    // What the kernel's buffers of both sides hold, and one part.
    EXPECT_LT(produced_, 16u * 1024 * 1024);
    EXPECT_FALSE(client.read().whole);
}

TEST_F(HttpServer, SilentStreamIsAskedAgainWhenWoken) {
    start();
    std::mutex mutex;
    std::function<void()> wake;
    std::atomic<int> asked{0};
    RawClient client{port_};
    client.send(get("/later"));
    auto one = waiting_.take();
    auto stream =
        std::make_unique<ScriptedStream>([&](std::string& out) -> Result<bool, StoreError> {
            switch (asked++) {
                case 0:
                    out = "first ";
                    return true;
                case 1:
                    return true;
                case 2:
                    out = "second";
                    return true;
                default:
                    return false;
            }
        });
    stream->on_attach = [&](std::function<void()> given) {
        const std::lock_guard lock{mutex};
        wake = std::move(given);
    };
    one.responder.answer(std::move(stream));
    while (asked < 2) std::this_thread::yield();
    std::function<void()> held;
    {
        const std::lock_guard lock{mutex};
        held = wake;
    }
    held();
    const auto response = client.read();
    EXPECT_EQ(response.body, "first second");
    EXPECT_TRUE(response.whole);
    held();  // the stream has gone
    server_.reset();
    held();  // and so has the server
}

TEST_F(HttpServer, SilentStreamEndsWhenTheClientLeaves) {
    start();
    RawClient client{port_};
    client.send(get("/later"));
    auto one = waiting_.take();
    std::stop_source gone;
    auto on_end = std::make_shared<OnEnd>(gone);
    one.responder.answer(std::make_unique<ScriptedStream>(
        [held = std::move(on_end)](std::string&) -> Result<bool, StoreError> { return true; }));
    client.close();
    EXPECT_TRUE(fires(gone.get_token()));
}

// Connections.

TEST_F(HttpServer, BoundsConnectionsByAddressAndInAll) {
    start({.connections = 3, .connections_per_address = 2, .count_loopback = true});
    RawClient first{port_};
    first.send(get("/hello"));
    EXPECT_EQ(first.read().status, 200u);
    {
        RawClient second{port_};
        second.send(get("/hello"));
        EXPECT_EQ(second.read().status, 200u);
        const auto refused = RawClient{port_}.read();
        expect_problem(refused, 503, "third of one address");
        EXPECT_TRUE(refused.headers.contains("retry-after"));
    }
    // A place is free once the server has seen the second leave.
    unsigned status = 503;
    for (int i = 0; i < 1000 && status != 200; ++i) status = ask(get("/hello")).status;
    EXPECT_EQ(status, 200u);
}

TEST_F(HttpServer, LoopbackCountsInAllOnlyAndWhoDidNothingForLongestGivesWay) {
    std::atomic<int> met{0};
    start({.connections = 3, .connections_per_address = 1, .limit_met = [&](auto) { ++met; }});
    std::vector<std::unique_ptr<RawClient>> clients;
    const auto hello = [&](RawClient& client) {
        client.send(get("/hello"));
        return client.read().status;
    };
    for (int i = 0; i < 3; ++i) {
        clients.push_back(std::make_unique<RawClient>(port_));
        EXPECT_EQ(hello(*clients.back()), 200u);
    }
    EXPECT_EQ(hello(*clients[0]), 200u);
    RawClient fourth{port_};
    EXPECT_EQ(hello(fourth), 200u);
    EXPECT_TRUE(clients[1]->ended());
    EXPECT_EQ(hello(*clients[0]), 200u);
    EXPECT_EQ(hello(*clients[2]), 200u);
    EXPECT_EQ(met, 0);
}

TEST_F(HttpServer, WhoIsAnsweredOrHasShownATokenDoesNotGiveWay) {
    std::mutex mutex;
    std::vector<std::string> met;
    start({.connections = 3, .limit_met = [&](std::string_view what) {
               const std::lock_guard lock{mutex};
               met.emplace_back(what);
           }});
    RawClient member{port_};
    member.send(get("/hello", "Authorization: a\r\n"));
    EXPECT_EQ(member.read().status, 200u);
    RawClient first{port_}, second{port_};
    first.send(get("/later"));
    auto one = waiting_.take();
    second.send(get("/later"));
    auto two = waiting_.take();
    const auto refused = RawClient{port_}.read();
    expect_problem(refused, 503, "no place");
    EXPECT_TRUE(refused.headers.contains("retry-after"));
    {
        const std::lock_guard lock{mutex};
        EXPECT_EQ(met, std::vector<std::string>{std::string{kNoPlace}});
    }
    member.send(get("/hello"));
    EXPECT_EQ(member.read().status, 200u);
    one.responder.answer(Reply{.body = "1"});
    EXPECT_EQ(first.read().body, "1");
    RawClient third{port_};
    third.send(get("/hello"));
    EXPECT_EQ(third.read().status, 200u);
    EXPECT_TRUE(first.ended());
    two.responder.answer(Reply{.body = "2"});
    EXPECT_EQ(second.read().body, "2");
}

TEST_F(HttpServer, HalfARequestGivesWayAndIsToldWhy) {
    start({.connections = 2});
    for (const std::string& half : {std::string{"GET /hello HTTP/1.1\r\nHo"},
                                    std::string{"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
                                                "Content-Length: 100\r\n\r\nabc"}}) {
        RawClient slow{port_};
        slow.send(half);
        RawClient first{port_}, second{port_};
        first.send(get("/hello"));
        EXPECT_EQ(first.read().status, 200u);
        second.send(get("/hello"));
        EXPECT_EQ(second.read().status, 200u);
        // Its bytes may have come after it gave way.
        const auto told = slow.read();
        if (told.status != 0) expect_problem(told, 503, half);
        EXPECT_EQ(slow.rest(), "");
    }
}

TEST_F(HttpServer, TheLastPlacesAreForWhoShowsATokenAndForWhatIsVital) {
    start({.connections = 16});  // two of them
    std::vector<std::unique_ptr<RawClient>> busy;
    std::vector<Waiting::One> held;
    for (int i = 0; i < 14; ++i) {
        busy.push_back(std::make_unique<RawClient>(port_));
        busy.back()->send(get("/later"));
        held.push_back(waiting_.take());
    }
    expect_problem(ask(get("/hello")), 503, "a stranger");
    EXPECT_EQ(ask(get("/alive")).status, 200u);
    RawClient member{port_};
    member.send(get("/hello", "Authorization: a\r\n"));
    EXPECT_EQ(member.read().status, 200u);
    member.send(get("/hello"));
    EXPECT_EQ(member.read().status, 200u);
    for (auto& one : held) one.responder.answer(Reply{});
}

// Memory.

TEST_F(HttpServer, AnswersThatAreNotReadAreHeldWithinABudget) {
    const auto answers = MemoryBudget::make(400'000);  // three quarters of it for strangers
    std::atomic<int> met{0};
    start({.grace = 100s, .answers = answers, .limit_met = [&](auto) { ++met; }});
    std::vector<std::unique_ptr<RawClient>> unread;
    for (int i = 0; i < 20; ++i) {
        unread.push_back(std::make_unique<RawClient>(port_, 4096));
        unread.back()->send(get("/endless"));
    }
    until([&] { return met > 0; });
    EXPECT_LE(answers->peak(), 300'000u);
    const auto refused = ask(get("/large"));
    expect_problem(refused, 503, "large");
    EXPECT_TRUE(refused.headers.contains("retry-after"));
    EXPECT_EQ(refused.headers.at("connection"), "close");
    // What is small needs none of it, and a quarter is for who shows a token.
    EXPECT_EQ(ask(get("/hello")).status, 200u);
    EXPECT_EQ(ask(get("/large", "Authorization: a\r\n")).body.size(), kLarge);
    unread.clear();
    until([&] { return answers->used() == 0; });
    EXPECT_EQ(ask(get("/large")).body.size(), kLarge);
    EXPECT_EQ(ask(get("/stream")).body.size(), 1'200'000u);
    until([&] { return answers->used() == 0; });
}

TEST_F(HttpServer, LargeAnswersBehindOneAnotherAreHeldOneAtATime) {
    const auto answers = MemoryBudget::make(400'000);
    start({.answers = answers});
    RawClient client{port_, 4096};
    std::string requests;
    for (int i = 0; i < 20; ++i) requests += get("/large");
    std::thread sender{[&] { client.send(requests); }};
    for (int i = 0; i < 20; ++i) EXPECT_EQ(client.read().body.size(), kLarge);
    sender.join();
    EXPECT_LE(answers->peak(), 300'000u);
}

TEST_F(HttpServer, BodiesThatDoNotEndAreHeldWithinABudget) {
    const auto requests = MemoryBudget::make(2'000'000);
    std::atomic<int> refused{0};
    start({.grace = 100s, .requests = requests, .limit_met = [&](auto) { ++refused; }});
    const std::string half =
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" +
        std::string(190'000, 'x');
    std::vector<std::unique_ptr<RawClient>> slow;
    for (int i = 0; i < 20; ++i) {
        slow.push_back(std::make_unique<RawClient>(port_));
        slow.back()->send(half);
    }
    // Those who came too late are told so; the others' bodies are still being waited for.
    until([&] { return refused > 0; });
    EXPECT_LE(requests->peak(), 1'500'000u);  // three quarters of it for strangers
    const std::string whole(100'000, 'y');
    EXPECT_EQ(ask(post("/echo", whole, "Authorization: a\r\n")).body, whole);
    slow.clear();
    until([&] { return requests->used() == 0; });
    EXPECT_EQ(ask(post("/echo", whole)).body, whole);
}

TEST_F(HttpServer, ARequestIsHeldUntilWhoWorksOnItIsDone) {
    const auto requests = MemoryBudget::make(3'200'000);
    start({.requests = requests});
    RawClient client{port_};
    client.send(post("/heavy", std::string(200'000, 'x')));
    std::optional<Waiting::One> one{waiting_.take()};
    EXPECT_GE(one->request.memory.bytes(), 1'000'000u);
    client.close();
    EXPECT_TRUE(fires(one->stop));
    EXPECT_GE(requests->used(), 1'000'000u);
    // Another does not fit beside it, though its bytes would.
    expect_problem(ask(post("/heavy", std::string(200'000, 'x'))), 503, "heavy");
    EXPECT_EQ(ask(post("/echo", std::string(200'000, 'x'))).status, 200u);
    one.reset();
    until([&] { return requests->used() == 0; });
}

TEST_F(HttpServer, WhoAsksForLittleIsAnsweredHoweverMuchOthersHold) {
    const auto requests = MemoryBudget::make(100'000);
    const auto answers = MemoryBudget::make(100'000);
    start({.grace = 100s, .requests = requests, .answers = answers});
    // Nothing is left for anybody.
    auto all_requests = requests->hold();
    auto all_answers = answers->hold();
    ASSERT_TRUE(all_requests.resize(requests->limit()) && all_answers.resize(answers->limit()));
    RawClient standing{port_};
    for (int i = 0; i < 3; ++i) {
        standing.send(get("/hello"));
        EXPECT_EQ(standing.read().status, 200u);
        EXPECT_EQ(ask(get("/hello")).status, 200u);
        EXPECT_EQ(ask(get("/hello", "Authorization: a\r\n")).status, 200u);
        EXPECT_EQ(ask(post("/echo", "{}")).status, 200u);
    }
    expect_problem(ask(post("/echo", std::string(50'000, 'x'))), 503, "too many requests");
    expect_problem(ask(get("/large")), 503, "large");
    const auto long_head = ask(get("/hello", "X: " + std::string(8'000, 'x') + "\r\n"));
    expect_problem(long_head, 503, "too many requests");
    all_requests.clear();
    EXPECT_EQ(ask(get("/hello", "X: " + std::string(8'000, 'x') + "\r\n")).status, 200u);
}

TEST_F(HttpServer, IdleConnectionsGiveBackWhatTheyRead) {
    const auto requests = MemoryBudget::make(10'000'000);
    start({.requests = requests});
    RawClient client{port_};
    client.send(post("/echo", std::string(200'000, 'x')));
    EXPECT_EQ(client.read().body.size(), 200'000u);
    until([&] { return requests->used() == 0; });
}

TEST_F(HttpServer, CountsTheTimeOfItsSteps) {
    const auto steps = std::make_shared<StepTimes>();
    start({.steps = steps});
    EXPECT_EQ(ask(get("/large")).status, 200u);
    until([&] { return steps->count() > 0 && steps->longest_ns() > 0; });
}

TEST_F(HttpServer, RefusesToListenTwice) {
    start();
    ScriptedHandler other{{}};
    const auto second = Server::start({.port = port_}, other);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().find("cannot listen on 127.0.0.1 port"), std::string::npos);
    EXPECT_FALSE(Server::start({.address = "here", .port = 0}, other));
}

TEST_F(HttpServer, GivesThePeersSocketAwayWithWhatWasRead) {
    start();
    RawClient client{port_};
    const std::string upgrade =
        "GET /p2p HTTP/1.1\r\nHost: peer.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    client.send(upgrade + "\r\nframe");
    const auto taken = handler_->wait_for_taken();
    ASSERT_NE(taken, nullptr);
    EXPECT_TRUE(taken->read.starts_with(upgrade + "\r\n"));
    expect_problem(ask(upgrade + "Origin: http://127.0.0.1\r\n\r\n"), 403, "a browser");
    expect_problem(ask(get("/p2p")), 400, "no upgrade");
    EXPECT_EQ(handler_->handled, 0);
}

}  // namespace
}  // namespace cairn::http
